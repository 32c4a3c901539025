Hola, {{ name }}:

El correo de su Área de Clientes cambió. De ahora en adelante las cartas llegan
a la nueva dirección.

Si usted no hizo este cambio, entre ya mismo, cambie su contraseña y avise a
quien administra su inmueble.

Nuevo correo: {{ address }}
Fecha del cambio: {{ moment }}

Ver mi perfil:

{{ link }}

Carta automática: por favor no responda.
