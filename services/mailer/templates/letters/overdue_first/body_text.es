Hola, {{ name }}:

El plazo de esta factura ya pasó. Quizás se le olvidó: puede pagarla ahora, en
pocos minutos.

Falta por pagar: {{ amount }}
Venció el: {{ due }}
Factura: {{ number }}
Concepto: {{ concept }}

Ver y pagar la factura:

{{ link }}

Si algo no está bien con esta factura, escríbanos por una PQRS en el Área de
Clientes.

Si ya la pagó, no tiene que hacer nada: este mensaje se cruzó con su pago.

Carta automática: por favor no responda.
