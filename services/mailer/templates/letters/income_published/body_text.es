Hola, {{ name }}:

Ya puede ver la liquidación de lo que produjeron los inmuebles. La encuentra
completa en el Área de Clientes.

Valor neto: {{ amount }}
Período: {{ period }}
Liquidación: {{ number }}

Ver la liquidación:

{{ link }}

Carta automática: por favor no responda.
