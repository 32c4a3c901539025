<p>Hola, {{ name }}:</p>
<p>¡Gracias! Recibimos su pago. El recibo de caja está en el Área de Clientes, donde puede descargarlo en PDF.</p>
<table class="data" role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td class="label">Recibo de caja</td></tr>
<tr><td class="value">{{ number }}</td></tr>
<tr><td class="label">Valor</td></tr>
<tr><td class="value">{{ amount }}</td></tr>
<tr><td class="label">Medio de pago</td></tr>
<tr><td class="words">{{ method }}</td></tr>
<tr><td class="label">Concepto</td></tr>
<tr><td class="words">{{ concept }}</td></tr>
</table>
<table role="presentation" cellpadding="0" cellspacing="0">
<tr><td class="button"><a href="{{ link }}">Ver mi recibo</a></td></tr>
</table>
<p>&nbsp;</p>
<p class="small">Si el botón no se abre, copie esta dirección en su navegador:<br><a href="{{ link }}">{{ link }}</a></p>
