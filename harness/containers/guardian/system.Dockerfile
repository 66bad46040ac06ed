ARG PARENT
FROM ${PARENT}
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends python3-docker >/dev/null \
 && rm -rf /var/lib/apt/lists/*
