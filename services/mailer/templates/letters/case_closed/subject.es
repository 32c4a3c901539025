Cerramos su solicitud
