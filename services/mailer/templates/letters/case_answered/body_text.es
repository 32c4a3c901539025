Hola, {{ name }}:

Le escribimos sobre su solicitud. Léalo en el Área de Clientes; allí también
puede respondernos.

Radicado: {{ number }}
Asunto: {{ topic }}

Leer lo que le escribimos:

{{ link }}

Carta automática: por favor no responda.
