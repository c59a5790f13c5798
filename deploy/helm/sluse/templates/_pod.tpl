{{/* A pod of the role `role` with the chart's values in `all`. */}}
{{- define "sluse.pod" -}}
{{- $role := .role -}}
{{- with .all -}}
metadata:
  labels: {{- include "sluse.labels" . | nindent 4 }}
    app.kubernetes.io/component: {{ $role }}
  {{- with .Values.podAnnotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  securityContext: {{- include "sluse.podSecurity" . | nindent 4 }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: sluse
      image: {{ include "sluse.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [serve, --role, {{ $role }}]
      securityContext: {{- include "sluse.containerSecurity" . | nindent 8 }}
      env: {{- include "sluse.environment" . | nindent 8 }}
      ports:
        - { name: http, containerPort: 8080 }
      {{- include "sluse.probes" . | nindent 6 }}
      {{- if and (eq $role "api") .Values.api.preStopSeconds }}
      # Others learn only in a while that it ends: until then it answers.
      lifecycle:
        preStop: { exec: { command: [sleep, {{ .Values.api.preStopSeconds | quote }}] } }
      {{- end }}
      resources: {{- toYaml (default .Values.resources (get (get .Values $role | default dict) "resources")) | nindent 8 }}
      volumeMounts: {{- include "sluse.mounts" . | nindent 8 }}
  volumes: {{- include "sluse.volumes" . | nindent 4 }}
  {{- if .Values.topologySpreadConstraints }}
  topologySpreadConstraints: {{- toYaml .Values.topologySpreadConstraints | nindent 4 }}
  {{- else if eq .Values.engine "temporal" }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "sluse.selector" . | nindent 10 }}
          app.kubernetes.io/component: {{ $role }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}
