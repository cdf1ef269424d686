/** For every rule of the engine a scene in which it is needed. */
import type { RuleName } from '../../runtime/engine/rules.ts';
import { creatingScenes } from './creating-scenes.ts';
import { readingScenes } from './reading-scenes.ts';
import type { Scene } from './scene.ts';
import { workingScenes } from './working-scenes.ts';

export const engineScenes: Readonly<Record<RuleName, Scene>> = {
  ...creatingScenes,
  ...readingScenes,
  ...workingScenes,
};
