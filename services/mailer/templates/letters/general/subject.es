Mensaje
