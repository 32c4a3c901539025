Ya puede entrar en el Área de Clientes
