export { CANCEL_ORDERS_TYPES, type CancelOrders } from "./cancelOrders.js";
