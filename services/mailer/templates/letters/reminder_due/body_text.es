Hola, {{ name }}:

Le recordamos que hoy es el último día para pagar esta factura.

Falta por pagar: {{ amount }}
Vence el: {{ due }}
Factura: {{ number }}
Concepto: {{ concept }}

Ver y pagar la factura:

{{ link }}

Si ya la pagó, no tiene que hacer nada: este mensaje se cruzó con su pago.

Carta automática: por favor no responda.
