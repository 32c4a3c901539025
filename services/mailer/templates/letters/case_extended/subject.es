Necesitamos más tiempo para su solicitud
