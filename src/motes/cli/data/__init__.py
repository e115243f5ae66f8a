"""motes data: what has to do with sets of recordings and their labels, a module for each sub-command."""

from cyclopts import App

data = App(name="data", help="Check and render sets of recordings with labels.")
data.command("motes.cli.data.check:check", name="check", help="Say what a folder of recordings is, and what is wrong.")
data.command("motes.cli.data.render:render", name="render", help="Render a set of recordings with exact labels.")
