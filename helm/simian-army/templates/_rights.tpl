{{/*
The rights that `simian rbac` prints for the same configuration, from the same table (files/rights.json, which a test
compares with the program's own). Each is a key "scope|group|resource|name|verb"; an empty scope is the whole cluster.
*/}}

{{/* The namespaces that config names without patterns, as {"known": true, "names": [...]}; known is false with patterns. */}}
{{- define "simian-army.exact" -}}
{{- $said := dig "platforms" "kubernetes" "namespaces" (list "*") .Values.config -}}
{{- $names := dict -}}{{- $barred := list -}}{{- $wild := false -}}
{{- range $said -}}
  {{- if hasPrefix "!" . -}}
    {{- $glob := trimPrefix "!" . | replace "." "\\." | replace "*" ".*" | replace "?" "." | replace "[!" "[^" -}}
    {{- $barred = append $barred (printf "^%s$" $glob) -}}
  {{- else if regexMatch "[*?\\[]" . -}}
    {{- $wild = true -}}
  {{- else -}}
    {{- $_ := set $names . true -}}
  {{- end -}}
{{- end -}}
{{- range $name := keys $names -}}
  {{- range $barred -}}{{- if regexMatch . $name -}}{{- $_ := unset $names $name -}}{{- end -}}{{- end -}}
{{- end -}}
{{- $only := false -}}
{{- range $said -}}{{- if not (hasPrefix "!" .) -}}{{- $only = true -}}{{- end -}}{{- end -}}
{{- dict "known" (and $only (not $wild)) "names" (keys $names | sortAlpha) | toJson -}}
{{- end -}}

{{/* The faults that config's monkeys, and rights.faults, may strike with on Kubernetes, as {"names": [...], "budgets": bool}. */}}
{{- define "simian-army.faults" -}}
{{- $table := .Files.Get "files/rights.json" | fromJson -}}
{{- $found := dict -}}{{- $budgets := false -}}
{{- $config := deepCopy .Values.config -}}{{- include "simian-army.mend" $config -}}
{{- range $monkey := $config.monkeys -}}
  {{- if eq $monkey.on "kubernetes" -}}
    {{- $known := get $table.monkeys $monkey.use | default (dict "faults" list "budgets" false) -}}
    {{- $with := $monkey.with | default dict -}}
    {{- $faults := $known.faults -}}
    {{- if $with.fault -}}{{- $faults = list $with.fault -}}{{- end -}}
    {{- if $with.faults -}}
      {{- $faults = list -}}
      {{- range $with.faults -}}{{- $faults = append $faults .fault -}}{{- end -}}
    {{- end -}}
    {{- range $faults -}}{{- $_ := set $found . true -}}{{- end -}}
    {{- if $known.budgets -}}{{- $budgets = true -}}{{- end -}}
  {{- end -}}
{{- end -}}
{{- range .Values.rights.faults -}}{{- $_ := set $found . true -}}{{- end -}}
{{- dict "names" (keys $found | sortAlpha) "budgets" $budgets | toJson -}}
{{- end -}}

{{/* Give root and who (agent, undertaker, leaver). */}}
{{- define "simian-army.atoms" -}}
{{- $root := .root -}}{{- $who := .who -}}
{{- $values := $root.Values -}}{{- $config := $values.config -}}
{{- $table := $root.Files.Get "files/rights.json" | fromJson -}}
{{- $exact := include "simian-army.exact" $root | fromJson -}}
{{- $struck := include "simian-army.faults" $root | fromJson -}}
{{- $reaches := false -}}{{- $harms := false -}}{{- $stopped := not $exact.known -}}
{{- $mine := list -}}
{{- range $name := $struck.names -}}
  {{- $fault := get $table.faults $name -}}
  {{- if $fault -}}
    {{- if $fault.reaches -}}{{- $reaches = true -}}{{- end -}}
    {{- if $fault.harms -}}{{- $harms = true -}}{{- end -}}
    {{- if and $fault.reaches $fault.harms -}}{{- $stopped = true -}}{{- end -}}
    {{- $mine = concat $mine (get $fault $who) -}}
  {{- else if not $values.rights.more.agent -}}
    {{- fail (printf "the chart does not know what the fault %s needs: give its rules under rights.more.agent (and undertaker and leaver), or take it out of config.monkeys and rights.faults" $name) -}}
  {{- end -}}
{{- end -}}
{{- $wide := or $reaches (not $exact.known) -}}
{{- $pressure := false -}}
{{- range dig "safety" "look" list $config -}}{{- if .node_pressure -}}{{- $pressure = true -}}{{- end -}}{{- end -}}
{{- $when := dict "" true "wide" $wide "budgets" $struck.budgets "pressure" $pressure -}}
{{- $_ := set $when "pdb" (and $harms (dig "safety" "quorum" "pdb" true $config)) -}}
{{- $_ := set $when "hpa" (and $harms (dig "safety" "quorum" "hpa" true $config)) -}}
{{- $_ := set $when "fronts" (and (dig "safety" "protect_webhooks" true $config) (gt (len $struck.names) 0)) -}}
{{- $home := list $root.Release.Namespace -}}
{{- $near := ternary $exact.names (list "") $exact.known -}}
{{- $where := dict "near" $near "around" (ternary (list "") $near $wide) "stopped" (ternary (list "") $near $stopped) "cluster" (list "") "home" $home -}}
{{- $_ := set $where "lease" (list (default $root.Release.Namespace (dig "leader" "namespace" "" $config))) -}}
{{- $_ := set $where "halt" (list (default $root.Release.Namespace (dig "halt" "namespace" "" $config))) -}}
{{- $_ := set $where "records" (list (default $root.Release.Namespace (dig "undertaker" "namespace" "" $config))) -}}
{{- $fullname := include "simian-army.fullname" $root -}}
{{- $names := dict "" (list "") "namespaces" (ternary (list "") $exact.names $wide) "root" (ternary (list "") (list "kube-system") $wide) -}}
{{- $_ := set $names "lease" (list (printf "simian-army-%s" $config.fleet)) -}}
{{- $_ := set $names "halt" (list (dig "halt" "configmap" "simian-army-halt" $config)) -}}
{{- $_ := set $names "deployments" (list (printf "%s-agent" $fullname) (printf "%s-undertaker" $fullname)) -}}
{{- $rows := $table.rows -}}
{{- range $values.rights.owners -}}
  {{- $rows = append $rows (dict "who" (list "agent" "leaver") "where" "around" "group" .group "resources" (list .resource) "verbs" (list "get" "list") "when" "" "names" "") -}}
{{- end -}}
{{- $runs := dig "platforms" "kubernetes" "exec" false $config -}}
{{- range $mine -}}
  {{- if or $runs (ne .resource "pods/exec") -}}
  {{- $rows = append $rows (dict "who" (list $who) "where" .where "group" .group "resources" (list .resource) "verbs" (list .verb) "when" "" "names" "") -}}
  {{- end -}}
{{- end -}}
{{- $atoms := dict -}}
{{- range $row := $rows -}}
  {{- if and (has $who $row.who) (get $when $row.when) -}}
    {{- range $scope := get $where $row.where -}}
      {{- range $name := get $names $row.names -}}
        {{- range $resource := $row.resources -}}
          {{- range $verb := $row.verbs -}}
            {{- $_ := set $atoms (join "|" (list $scope $row.group $resource $name $verb)) true -}}
          {{- end -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- range $atom := keys $atoms -}}
  {{- $whole := printf "|%s" (join "|" (rest (splitList "|" $atom))) -}}
  {{- if and (ne $atom $whole) (hasKey $atoms $whole) -}}{{- $_ := unset $atoms $atom -}}{{- end -}}
{{- end -}}
{{- dict "atoms" (keys $atoms | sortAlpha) | toJson -}}
{{- end -}}

{{/* Roles and bindings of one account. Give root, who, account and annotations (of a hook, or nothing). */}}
{{- define "simian-army.roles" -}}
{{- $root := .root -}}{{- $account := .account -}}{{- $notes := .annotations -}}
{{- $atoms := (include "simian-army.atoms" . | fromJson).atoms -}}
{{- $scopes := dict -}}
{{- range $atom := $atoms -}}
  {{- $part := splitList "|" $atom -}}
  {{- $key := join "|" (list (index $part 1) (index $part 2) (index $part 3)) -}}
  {{- $rules := get $scopes (index $part 0) | default dict -}}
  {{- $_ := set $rules $key (append (get $rules $key | default list) (index $part 4)) -}}
  {{- $_ := set $scopes (index $part 0) $rules -}}
{{- end -}}
{{- $more := get $root.Values.rights.more .who -}}
{{- if and $more (not (hasKey $scopes "")) -}}{{- $_ := set $scopes "" dict -}}{{- end -}}
{{- range $scope := keys $scopes | sortAlpha }}
{{- $rules := get $scopes $scope }}
{{- $kind := ternary "Role" "ClusterRole" (ne $scope "") }}
{{- $name := ternary $account (printf "%s-%s" $root.Release.Namespace $account) (ne $scope "") }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}
metadata:
  name: {{ $name }}
  {{- if $scope }}
  namespace: {{ $scope }}
  {{- end }}
  labels:
    {{- include "simian-army.labels" $root | nindent 4 }}
  {{- with $notes }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
rules:
  {{- range $key := keys $rules | sortAlpha }}
  {{- $part := splitList "|" $key }}
  - apiGroups: [{{ index $part 0 | quote }}]
    resources: [{{ index $part 1 | quote }}]
    {{- if index $part 2 }}
    resourceNames: [{{ index $part 2 | quote }}]
    {{- end }}
    verbs: {{ get $rules $key | toJson }}
  {{- end }}
  {{- if and (not $scope) $more }}
  {{- toYaml $more | nindent 2 }}
  {{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  name: {{ $name }}
  {{- if $scope }}
  namespace: {{ $scope }}
  {{- end }}
  labels:
    {{- include "simian-army.labels" $root | nindent 4 }}
  {{- with $notes }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ $account }}
    namespace: {{ $root.Release.Namespace }}
{{- end }}
{{- end -}}
