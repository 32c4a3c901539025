"""What goes in and out over HTTP, and the texts that tell people what is wrong."""
