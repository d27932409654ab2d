"""The lab: a place in the browser where a person sees populations learn. It calls the library."""
