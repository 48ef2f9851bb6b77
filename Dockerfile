# One image for web, worker and clock. Static files are collected at build time.
FROM node:20-bookworm-slim AS browser
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 VAR_DIR=/var/lib/guitai
WORKDIR /app
# A font with Chinese letters, for the posters that shops hand out.
RUN apt-get update && apt-get install -y --no-install-recommends fonts-wqy-zenhei \
 && rm -rf /var/lib/apt/lists/*
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
COPY --from=browser /app/node_modules ./node_modules
RUN pybabel compile --directory locale --domain django \
 && SECRET_KEY=build VAR_DIR=/tmp/build python manage.py collectstatic --noinput \
 && useradd --system guitai && install -d -o guitai /var/lib/guitai
USER guitai
EXPOSE 8000
CMD ["uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000", \
     "--ws-max-size", "2097152", "--ws-per-message-deflate", "false", "--proxy-headers", "--no-access-log"]
