Respondimos su solicitud
