Hola, {{ name }}:

Respondimos su solicitud. Lea la respuesta en el Área de Clientes; allí también
puede escribirnos si algo no quedó claro.

Radicado: {{ number }}
Asunto: {{ topic }}

Leer la respuesta:

{{ link }}

Carta automática: por favor no responda.
