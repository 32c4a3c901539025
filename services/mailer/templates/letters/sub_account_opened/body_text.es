Hola, {{ name }}:

{{ client }} le dio acceso a su Área de Clientes. Entre con este correo
electrónico y con la contraseña que {{ client }} le entregue.

Le dio acceso: {{ client }}

Entrar en el Área de Clientes:

{{ link }}

La primera vez que entre le pediremos que elija una contraseña que solo usted
conozca.

Carta automática: por favor no responda.
