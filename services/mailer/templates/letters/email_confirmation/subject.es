Confirme su nuevo correo electrónico
