<p>Hola, {{ name }}:</p>
<p>Le escribimos sobre su solicitud. Léalo en el Área de Clientes; allí también puede respondernos.</p>
<table class="data" role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td class="label">Radicado</td></tr>
<tr><td class="value">{{ number }}</td></tr>
<tr><td class="label">Asunto</td></tr>
<tr><td class="words">{{ topic }}</td></tr>
</table>
<table role="presentation" cellpadding="0" cellspacing="0">
<tr><td class="button"><a href="{{ link }}">Leer lo que le escribimos</a></td></tr>
</table>
<p>&nbsp;</p>
<p class="small">Si el botón no se abre, copie esta dirección en su navegador:<br><a href="{{ link }}">{{ link }}</a></p>
