Hola, {{ name }}:

Se pidió usar esta dirección de correo para el Área de Clientes. Si fue usted,
abra el enlace y confírmela.

Nuevo correo: {{ address }}

Confirmar mi correo:

{{ link }}

El enlace sirve una sola vez y vence el {{ until }}. Si no fue usted, no haga
nada: esta dirección no se usará.

Carta automática: por favor no responda.
