import type { Activities } from '../activities/index.ts'

/** What each step is called in the Temporal UI, so that a history reads as the story that it is (REQUIREMENTS P4). */
export const SUMMARIES: Record<keyof Activities, string> = {
  readOrder: 'reads where the order stands',
  placeOrder: 'checks the stock and sets aside what there is',
  answerOffer: "carries out the customer's answer",
  changeOfferDeadline: "moves the offer's end",
  cancelOrder: 'cancels the order',
  expireOffer: 'ends the offer',

  readBackOrder: 'reads where the back order stands',
  lowerBackOrder: 'lowers the quantity',
  changeBackOrderDeadline: 'moves the deadline',
  requestDelivery: 'takes the delivery request and asks for the confirmation',
  confirmBackOrder: 'reduces the inventory and plans the delivery',
  declineBackOrder: 'gives the goods to the next in line',
  cancelBackOrder: 'cancels the back order',
  expireBackOrder: 'a deadline has come',

  readDelivery: 'reads where the delivery stands',
  beginBooking: 'from here on the carrier may know of it',
  bookCarrier: 'asks the carrier to fetch the parcel',
  recordBooking: "stores the carrier's answer",
  recordCarrierReport: 'the carrier reports',
  recallFromCarrier: 'asks the carrier to give the parcel back',
  finishCancelling: 'stores what the carrier said to the cancellation',
  askCarrier: 'asks the carrier where the parcel is',
  recordCarrierStatus: 'stores where the parcel is',
  decideDelivery: 'carries out a decision about the delivery',

  gatherSeconds: 'looks how long demand is gathered',
  settleNeed: 'works out what is lacking and orders it',

  readPurchaseOrder: 'reads where the purchase order stands',
  acknowledgePurchaseOrder: 'the supplier acknowledges',
  noteShipment: 'the supplier announces a shipment',
  passPurchaseOrderDeadline: 'a deadline of the supplier has come',
  withdrawPurchaseOrderLine: 'withdraws a line',
  reviewPromises: 'tells waiters what is expected now',

  scheduleBank: 'works out who is built when',

  readLead: 'reads where the lead stands',
  giveLeadStatus: 'the dealer gives a status',
  agreeToAnotherDealer: 'the prospect agrees to another dealer',
  passLeadDeadline: 'a deadline of the lead has come',

  readCustomOrder: 'reads where the custom order stands',
  placeCustomOrder: 'sends it to the dealer and the processor',
  judgeCustomOrder: 'the dealer or the processor answers',
  chooseDealer: 'sends it to the dealer that the buyer chose',
  reconfigureCustomOrder: 'takes another configuration',
  cancelCustomOrder: 'cancels the custom order',
  passCustomOrderDeadline: 'a deadline of the custom order has come',

  bookReceipt: 'books what came and hands it out',
  drainStock: 'hands out what is left, a pass at a time',
  countStock: 'books what was counted',

  tryAgain: 'tries to tell them again',
  drainWakes: 'wakes whom it concerns',
  drainOldWakes: 'wakes whom nobody woke',
  reviveStories: 'starts what should run and does not',
  drainIdleStock: 'hands out what lies idle',
  pokePurchasing: 'wakes the purchasing of what is lacking or too much',
  tellUntold: 'sends what was never sent',

  pruneRequests: 'forgets old requests',
  pruneAttempts: 'forgets old attempts to tell somebody',
  pruneFailingSteps: 'forgets old trouble',
  pruneSteps: 'forgets the steps of what is long over',
}
