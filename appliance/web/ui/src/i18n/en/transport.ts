/** Words of the transport: backward, frame by frame, slower and faster. */
export const transport = {
  "transport.label": "Playing",
  "transport.backward": "Play backward",
  "transport.noBackward": "This browser cannot play backward. Chrome, Edge, Safari 16.4 and Firefox 130 or newer can, over HTTPS.",
  "transport.stepBack": "One frame back",
  "transport.stepOn": "One frame forward",
  "transport.slower": "Slower",
  "transport.faster": "Faster",
  "transport.forwardAt": "Forward at {factor} times the speed",
  "transport.backwardAt": "Backward at {factor} times the speed",
  "transport.keysAt": "Backward at {factor} times the speed: key frames only, one for each group of pictures",
  "transport.keys": "key frames",
  "keys.backward": "Play backward, pause",
  "keys.speed": "Slower, faster",
} as const;
