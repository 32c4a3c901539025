Su código para aceptar la invitación
