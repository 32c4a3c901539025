<p>Hola, {{ name }}:</p>
<p>Ya puede ver la liquidación de lo que produjeron los inmuebles. La encuentra completa en el Área de Clientes.</p>
<table class="data" role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td class="label">Valor neto</td></tr>
<tr><td class="amount">{{ amount }}</td></tr>
<tr><td class="label">Período</td></tr>
<tr><td class="words">{{ period }}</td></tr>
<tr><td class="label">Liquidación</td></tr>
<tr><td class="value">{{ number }}</td></tr>
</table>
<table role="presentation" cellpadding="0" cellspacing="0">
<tr><td class="button"><a href="{{ link }}">Ver la liquidación</a></td></tr>
</table>
<p>&nbsp;</p>
<p class="small">Si el botón no se abre, copie esta dirección en su navegador:<br><a href="{{ link }}">{{ link }}</a></p>
