export { openRedis } from "./openRedis";
export { publishByRedis, venueNamespace, type RedisPublish } from "./publishByRedis";
export { RedisLink, type RedisPing } from "./RedisLink";
