ARG PARENT
FROM ${PARENT}
RUN python3 -m venv --without-pip /opt/load
COPY site /opt/load/lib/python3.11/site-packages
RUN /opt/load/bin/python -m compileall -q -j 0 /opt/load/lib
