<p>Hola, {{ name }}:</p>
<p>Una solicitud todavía no tiene respuesta y su plazo legal está por vencer.</p>
<table class="data" role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td class="label">Radicado</td></tr>
<tr><td class="value">{{ number }}</td></tr>
<tr><td class="label">Cliente</td></tr>
<tr><td class="words">{{ client }}</td></tr>
<tr><td class="label">Asunto</td></tr>
<tr><td class="words">{{ topic }}</td></tr>
<tr><td class="label">Vence</td></tr>
<tr><td class="words">{{ due }}</td></tr>
</table>
<table role="presentation" cellpadding="0" cellspacing="0">
<tr><td class="button"><a href="{{ link }}">Abrir la solicitud</a></td></tr>
</table>
<p>&nbsp;</p>
<p class="small">Si el botón no se abre, copie esta dirección en su navegador:<br><a href="{{ link }}">{{ link }}</a></p>
