<p>Hola, {{ name }}:</p>
<p>Su solicitud quedó cerrada. Todo lo escrito sigue a su disposición en el Área de Clientes.</p>
<table class="data" role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td class="label">Radicado</td></tr>
<tr><td class="value">{{ number }}</td></tr>
<tr><td class="label">Asunto</td></tr>
<tr><td class="words">{{ topic }}</td></tr>
<tr><td class="label">Motivo del cierre</td></tr>
<tr><td class="words">{{ reason }}</td></tr>
</table>
<table role="presentation" cellpadding="0" cellspacing="0">
<tr><td class="button"><a href="{{ link }}">Ver mi solicitud</a></td></tr>
</table>
<p>&nbsp;</p>
<p class="small">Si el botón no se abre, copie esta dirección en su navegador:<br><a href="{{ link }}">{{ link }}</a></p>
