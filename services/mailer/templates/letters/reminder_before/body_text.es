Hola, {{ name }}:

Le recordamos que esta factura vence pronto. Puede pagarla desde ya.

Falta por pagar: {{ amount }}
Vence el: {{ due }}
Factura: {{ number }}
Concepto: {{ concept }}

Ver y pagar la factura:

{{ link }}

Si ya la pagó, no tiene que hacer nada: este mensaje se cruzó con su pago.

Carta automática: por favor no responda.
