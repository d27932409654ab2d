"""The chapter, one file a study; the section stands in each."""
