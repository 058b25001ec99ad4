{{/* In the YAML that Helm reads, the key `on` of a monkey or a notice is the word true: put right in the copy given. */}}
{{- define "simian-army.mend" -}}
{{- range $one := concat (.monkeys | default list) (.notices | default list) -}}
  {{- if hasKey $one "true" -}}
    {{- $_ := set $one "on" (get $one "true") -}}{{- $_ := unset $one "true" -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* simian.yaml as the pods read it. */}}
{{- define "simian-army.config" -}}
{{- $written := dict "key" "${env:SIMIAN_KEY}" "ledger" "sqlite:////var/lib/simian-army/simian.db" -}}
{{- $config := deepCopy .Values.config | mustMerge $written -}}
{{- include "simian-army.mend" $config -}}
{{- $halt := deepCopy (default dict $config.halt) -}}
{{- if not $halt.file -}}{{- $_ := set $halt "file" "/var/lib/simian-army/simian.halt" -}}{{- end -}}
{{- $_ := set $config "halt" $halt -}}
{{- toYaml $config -}}
{{- end -}}

{{- define "simian-army.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .Values.securityContext.runAsUser }}
runAsGroup: {{ .Values.securityContext.runAsGroup }}
fsGroup: {{ .Values.securityContext.fsGroup }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "simian-army.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "simian-army.env" -}}
- name: SIMIAN_KEY
  valueFrom:
    secretKeyRef:
      name: {{ include "simian-army.secret" . }}
      key: {{ .Values.key.secretKey }}
- name: SIMIAN_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: SIMIAN_POD_UID
  valueFrom:
    fieldRef:
      fieldPath: metadata.uid
- name: SIMIAN_NODE
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
- name: HOME
  value: /tmp
{{- with .Values.env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* What both pods have in common: give root, said (agent or undertaker of the values) and account. */}}
{{- define "simian-army.pod" -}}
serviceAccountName: {{ .account }}
automountServiceAccountToken: true
enableServiceLinks: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "simian-army.podSecurity" .root | nindent 2 }}
{{- with .said.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .said.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .said.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .said.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
