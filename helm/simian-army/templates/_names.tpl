{{/* What things are called. */}}
{{- define "simian-army.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "simian-army.fullname" -}}
{{- $name := include "simian-army.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "simian-army.agent" -}}
{{- default (printf "%s-agent" (include "simian-army.fullname" .)) .Values.serviceAccounts.agent.name -}}
{{- end -}}

{{- define "simian-army.undertaker" -}}
{{- default (printf "%s-undertaker" (include "simian-army.fullname" .)) .Values.serviceAccounts.undertaker.name -}}
{{- end -}}

{{- define "simian-army.leaver" -}}
{{- printf "%s-leaver" (include "simian-army.fullname" .) -}}
{{- end -}}

{{- define "simian-army.secret" -}}
{{- default (printf "%s-key" (include "simian-army.fullname" .)) .Values.key.existingSecret -}}
{{- end -}}

{{- define "simian-army.claim" -}}
{{- default (printf "%s-ledger" (include "simian-army.fullname" .)) .Values.ledger.existingClaim -}}
{{- end -}}

{{- define "simian-army.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The guards know our own pods by the first of these. */}}
{{- define "simian-army.selector" -}}
app.kubernetes.io/name: simian-army
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "simian-army.labels" -}}
{{ include "simian-army.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}
