"""What tests stand on: real servers, a letter sink, a browser, waiting for conditions."""
