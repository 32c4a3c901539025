Recibimos su solicitud
