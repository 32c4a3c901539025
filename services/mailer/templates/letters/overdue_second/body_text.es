Hola, {{ name }}:

Le escribimos por segunda vez: esta factura sigue sin pagar. Por favor,
páguela en estos días.

Falta por pagar: {{ amount }}
Venció el: {{ due }}
Factura: {{ number }}
Concepto: {{ concept }}

Ver y pagar la factura:

{{ link }}

Si no puede pagarla toda, cuéntenos por una PQRS en el Área de Clientes.
También si algo no está bien con la factura.

Si ya la pagó, no tiene que hacer nada: este mensaje se cruzó con su pago.

Carta automática: por favor no responda.
