<p>Hola, {{ name }}:</p>
<p>Hay una factura nueva en el Área de Clientes, donde puede verla, descargarla y pagarla.</p>
<table class="data" role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td class="label">Valor</td></tr>
<tr><td class="amount">{{ amount }}</td></tr>
<tr><td class="label">Pague hasta el</td></tr>
<tr><td class="amount">{{ due }}</td></tr>
<tr><td class="label">Factura</td></tr>
<tr><td class="value">{{ number }}</td></tr>
<tr><td class="label">Concepto</td></tr>
<tr><td class="words">{{ concept }}</td></tr>
</table>
<table role="presentation" cellpadding="0" cellspacing="0">
<tr><td class="button"><a href="{{ link }}">Ver y pagar la factura</a></td></tr>
</table>
<p>&nbsp;</p>
<p class="small">Si el botón no se abre, copie esta dirección en su navegador:<br><a href="{{ link }}">{{ link }}</a></p>
