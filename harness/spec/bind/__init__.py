"""A checked document and a stack -> the parts of a Plan. Every name must mean something, every time must add up."""
