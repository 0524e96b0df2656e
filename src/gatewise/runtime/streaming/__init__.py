"""A trained model one step at a time: states carried, raw steps in, predictions out."""
