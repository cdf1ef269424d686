/**
 * What you may want to change in Node-RED: see https://nodered.org/docs/user-guide/runtime/configuration.
 * `npm start` reads this file and then sets, over whatever stands here, what has to hold: the login,
 * the addresses, the folder for flows, the secret for credentials and the log (see
 * runtime/server/node-red.ts).
 *
 * As it stands, nothing here makes a request to the outside, and nobody can install code from a
 * browser. The odd export at the end lets Node-RED's own command read the file too.
 */
import path from 'node:path';

const theme = path.join(import.meta.dirname, 'runtime/server/theme');

const settings = {
  uiHost: '127.0.0.1',
  httpAdminRoot: '/admin',
  flowFilePretty: true,

  telemetry: { enabled: false, updateNotification: false },
  functionExternalModules: false,
  externalModules: {
    autoInstall: false,
    palette: { allowInstall: false, allowUpload: false, allowUpdate: false },
    modules: { allowInstall: false },
  },

  editorTheme: {
    page: {
      title: 'Tributary',
      favicon: path.join(theme, 'tributary.svg'),
      css: path.join(theme, 'editor.css'),
    },
    header: { title: 'Tributary', image: path.join(theme, 'tributary.svg'), url: '/' },
    login: { image: path.join(theme, 'tributary.svg') },
    palette: { catalogues: [] },
    projects: { enabled: false },
    tours: false,
  },
};

export { settings as default, settings as 'module.exports' };
