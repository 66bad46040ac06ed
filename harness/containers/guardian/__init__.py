"""The guardian: harms containers of one project for a while, and never without knowing how to undo it."""
