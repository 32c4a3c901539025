Le escribimos sobre su solicitud
