Le invitaron al Área de Clientes
