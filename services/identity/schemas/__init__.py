"""What goes in and out of identity over HTTP."""
