Hola, {{ name }}:

Hay una factura nueva en el Área de Clientes, donde puede verla, descargarla y
pagarla.

Valor: {{ amount }}
Pague hasta el: {{ due }}
Factura: {{ number }}
Concepto: {{ concept }}

Ver y pagar la factura:

{{ link }}

Carta automática: por favor no responda.
