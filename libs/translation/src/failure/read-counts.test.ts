import { describe, expect, test } from 'vitest';
import { readFailure } from './read-failure.ts';

const causeOf = (message: string) =>
  readFailure({ status: 400, headers: [], body: JSON.stringify({ error: { message } }) }).cause;

describe('a thing that is counted, with one number that limits it, is a count', () => {
  test.each([
    ['Too many images: 6. Maximum: 3', 'images', 3],
    ['images: max 3 allowed', 'images', 3],
    ['image limit is 3', 'images', 3],
    ['The request contains 6 images; the limit is 3', 'images', 3],
    ['max_images_per_request=3 exceeded', 'images', 3],
    ['more than 3 image_url parts', 'images', 3],
    ['you provided 6 image parts but the model takes at most 3', 'images', 3],
    ['accepts only a single image', 'images', 1],
    ['Only one picture per prompt, please', 'images', 1],
    ['Image count limit (3) reached', 'images', 3],
    ['image_limit = 3, got 6', 'images', 3],
    ['6 images given, 3 allowed: the maximum is 3', 'images', 3],
    ['You sent 6 pictures. Allowed: 4', 'images', 4],
    ['This request holds 200 tools; the limit is 128', 'tools', 128],
    ['videos: at most 1', 'videos', 1],
  ])('%s', (message, what, maximum) => {
    expect(causeOf(message)).toEqual({ kind: 'count-exceeded', what, maximum });
  });
});

describe('a model without a way to see takes no image', () => {
  test.each([
    'vision is disabled for this model',
    'does not have vision capability',
    'This model has no vision capabilities.',
    'acme-1 lacks image support',
    'Vision capabilities are turned off',
    'Image input modality is not enabled for models/gemma-3-1b-it',
    'This model does not support the image modality',
  ])('%s', (message) => {
    expect(causeOf(message)).toEqual({ kind: 'count-exceeded', what: 'images', maximum: 0 });
  });
});
