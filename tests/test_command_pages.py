"""The pages of commands: each flag is shown in use, by words that the command takes."""

from __future__ import annotations

import shlex

from docs.site.reference.command_pages import EXAMPLES, command_pages, commands, example

from docs_blocks import check_command


def test_every_flag_is_in_an_example_of_its_command() -> None:
    pages, unused = dict(command_pages("..")), set(EXAMPLES)
    for command in commands():
        own = command.example.split()
        for flag in (each for each in command.flags if each.names[0].startswith("--")):
            shown = example(command, flag)
            assert shown or set(flag.names) & set(own), (command.words, flag.names)
            if shown:
                assert f"`{shown}`" in pages[command.page], (command.words, shown)
                words = shlex.split(shown)
                check_command(words if words[0] == "goodfit" else [*own, *words])
                unused.discard(flag.names[0].removeprefix("--"))
    assert not unused
