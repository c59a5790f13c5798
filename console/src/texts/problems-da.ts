/**
 * The errors of `src/errors.ts` in Danish, by their codes: what happened, and what to do. What is particular to a case
 * comes from the server in English and is marked as such.
 */
export const problemsInDanish: { readonly [code: string]: readonly [what: string, todo: string] } = {
  'SLUSE-RUN-NOT-FOUND': [
    'Kørslen findes ikke.',
    'Find den i listen over kørsler. En kørsel bliver slettet, når dens opbevaringstid er gået.',
  ],
  'SLUSE-RUN-ENDED': ['Kørslen er allerede slut.', 'Kør den igen i stedet.'],
  'SLUSE-RUN-STATE': [
    'Det kan ikke gøres, som kørslen er nu.',
    'Se på dens status: kun en kørsel på pause kan genoptages, og kun en, der er i gang, kan sættes på pause.',
  ],
  'SLUSE-TASK-NOT-FOUND': [
    'Kørslen har ikke et trin med denne nøgle, eller er ikke nået til det.',
    'Brug nøglen på et trin i kørslens tidslinje.',
  ],
  'SLUSE-RUN-TASK': [
    'Kørslen kan ikke køres igen fra dette trin.',
    'Vælg et trin, som kørslen har været i gang med, eller kør fra begyndelsen.',
  ],
  'SLUSE-DEFINITION-NOT-FOUND': [
    'Dataforløbet findes ikke, eller versionen er ikke udgivet.',
    'Udgiv det, eller ret navnet; `sluse validate` viser, hvad projektet indeholder.',
  ],
  'SLUSE-DEFINITION-INVALID': [
    'Definitionen er ikke gyldig, så intet blev startet eller udgivet.',
    'Ret hver bemærkning; de siger alle fil og linje.',
  ],
  'SLUSE-DEFINITION-TEXT': [
    'Definitionens tekst kan ikke læses: den er tom, for stor, for dyb eller ikke UTF-8.',
    'Gem den som UTF-8, én definition i hver fil, og uden data i.',
  ],
  'SLUSE-DEFINITION-SYNTAX': [
    'Teksten er ikke gyldig YAML eller JSON.',
    'Ret den, hvor linje og kolonne viser.',
  ],
  'SLUSE-DEFINITION-DSL': [
    'Definitionen er skrevet til en anden version af sproget.',
    'Skriv `dsl: 1.0.3`, og ret det, som det ændrer.',
  ],
  'SLUSE-DEFINITION-MISSING': ['Definitionen mangler noget, der skal være der.', 'Tilføj det.'],
  'SLUSE-DEFINITION-UNKNOWN-KEY': [
    'Definitionen har et felt, der ikke betyder noget på dette sted.',
    'Ret navnet, flyt det derhen, hvor det hører til, eller fjern det.',
  ],
  'SLUSE-DEFINITION-TYPE': [
    'En værdi har en anden type eller form, end den skal have.',
    'Skriv en værdi af den type, der står.',
  ],
  'SLUSE-DEFINITION-CHOICE': [
    'Definitionen har felter, der udelukker hinanden, eller et, der kræver et andet.',
    'Behold præcis et af dem.',
  ],
  'SLUSE-DEFINITION-TASK': [
    'Et trin siger ikke, hvad der skal gøres, eller siger flere ting på én gang.',
    'Giv det præcis ét felt, der siger, hvad der skal gøres.',
  ],
  'SLUSE-DEFINITION-TASK-LIST': [
    'En liste af trin er ikke en liste af trin med navne.',
    'Skriv hvert trin som et punkt for sig: `- navn:`, og trinnet indrykket under det.',
  ],
  'SLUSE-DEFINITION-THEN': [
    'Et `then` går til et trin, der ikke er i samme liste.',
    'Nævn et trin i samme liste, eller skriv `continue`, `exit` eller `end`.',
  ],
  'SLUSE-DEFINITION-UNREACHABLE': [
    'Intet fører til et trin, så det bliver aldrig kørt.',
    'Lad et `then` gå til det, eller fjern det.',
  ],
  'SLUSE-DEFINITION-SWITCH': [
    'Tilfældene i et `switch` kan ikke skelnes.',
    'Behold ét tilfælde uden `when`, og giv hvert tilfælde sit eget navn.',
  ],
  'SLUSE-DEFINITION-REFERENCE': [
    'Definitionen nævner noget, som den ikke definerer i `use`.',
    'Definér det i `use`, eller ret navnet.',
  ],
  'SLUSE-DEFINITION-CALL': [
    'Et `call` nævner en funktion, der ikke findes.',
    'Definér den i `use.functions`, nævn den som `navn:version@katalog`, eller giv dens adresse.',
  ],
  'SLUSE-DEFINITION-EXPRESSION': ['Et udtryk er ikke gyldig jq.', 'Ret det, hvor linje og kolonne viser.'],
  'SLUSE-DEFINITION-VARIABLE': [
    'Et udtryk bruger en variabel, som det ikke har.',
    'Brug en, der findes der: `$context`, `$input`, `$workflow`, `$task`, `$runtime` eller en fra et trin udenom.',
  ],
  'SLUSE-DEFINITION-LITERAL': [
    'En tekst ligner et udtryk, men bliver taget, som den står.',
    'Sæt hele teksten i `${ }`, hvis den skal beregnes.',
  ],
  'SLUSE-DEFINITION-DURATION': [
    'En varighed er ikke gyldig, eller giver ikke mening, hvor den står.',
    'Skriv den i dele, som `seconds: 30`, eller efter ISO 8601, som PT30S.',
  ],
  'SLUSE-FUNCTION': [
    'En `function.yaml` siger, at funktionen skal køres på en måde, der ikke er mulig.',
    'Ret den: docs/reference/functions.md viser alle måder.',
  ],
  'SLUSE-FUNCTION-BUILD': [
    'En funktion kunne ikke bygges af sin kildekode.',
    'Ret det, som byggeværktøjet siger, eller `metadata.build` i dens function.yaml.',
  ],
  'SLUSE-DEFINITION-CRON': [
    'Et cron-udtryk er ikke gyldigt.',
    'Skriv fem felter: minut, time, dag i måneden, måned, ugedag.',
  ],
  'SLUSE-DEFINITION-URI': [
    'En adresse er ikke en URI eller en URI-skabelon.',
    'Skriv en URI; i en skabelon bliver kun `{navn}` erstattet.',
  ],
  'SLUSE-DEFINITION-JSON-SCHEMA': [
    'Et JSON Schema i definitionen er ikke gyldigt.',
    'Ret det på det sted, der står.',
  ],
  'SLUSE-DEFINITION-UNSUPPORTED': [
    'Definitionen bruger noget, der ikke er understøttet her.',
    'Gør det på en anden måde; meddelelsen siger, hvad det er.',
  ],
  'SLUSE-DEFINITION-RECURSION': [
    'Et dataforløb kører sig selv hver gang, så det slutter aldrig.',
    'Kør det kun under en betingelse: et `if` eller et `switch`.',
  ],
  'SLUSE-EVENT-INVALID': [
    'Indholdet er ikke en gyldig CloudEvent 1.0.',
    'Send id, source, type og specversion "1.0".',
  ],
  'SLUSE-STORE-FULL': [
    'Disken er fuld, så intet mere kan gemmes. Intet, der er kvitteret for, er tabt.',
    'Frigør plads, hvor SLUSE_DATA ligger; serveren går selv videre, når der kan skrives igen.',
  ],
  'SLUSE-STORE': [
    'Databasen ville ikke skrive eller læse.',
    'Kør `sluse doctor`; årsagen står i serverens log ved denne kode.',
  ],
  'SLUSE-STORE-CHANGED': [
    'En anden har ændret det samtidig, så intet blev gemt.',
    'Se på det igen, og prøv igen.',
  ],
  'SLUSE-STORE-LOCKED': [
    'Datamappen er i brug af en anden proces.',
    'Stop den proces, eller giv denne sin egen mappe med SLUSE_DATA.',
  ],
  'SLUSE-STORE-NEWER': [
    'Databasen er skrevet af en nyere version af Sluse.',
    'Start den nyere version; kun en sikkerhedskopi fører tilbage til et ældre skema.',
  ],
  'SLUSE-STORE-UNREACHABLE': [
    'Databasen kan ikke nås, så intet blev læst eller skrevet.',
    'Se efter, at PostgreSQL kører, og at SLUSE_DATABASE_URL er rigtig; serveren går selv videre, når den er der igen.',
  ],
  'SLUSE-STORE-REFUSED': [
    'Databasen svarer, men afviser forbindelsen.',
    'Se efter bruger, adgangskode, database og `sslmode` i SLUSE_DATABASE_URL: det hjælper ikke at vente.',
  ],
  'SLUSE-STORE-UNKNOWN': [
    'Serveren stoppede, mens databasen var væk: det vides ikke, om den sidste ændring blev skrevet.',
    'Se efter, før du gør det igen; kørsler og leveringer finder selv ud af det.',
  ],
  'SLUSE-BACKUP': [
    'Der blev ikke lavet en sikkerhedskopi, og intet af den ligger tilbage.',
    'Nævn en mappe, der ikke findes endnu, og serverens datamappe med SLUSE_DATA.',
  ],
  'SLUSE-MIGRATE': [
    'Dataene blev ikke flyttet; begge databaser er, som de var.',
    'Gør det, som meddelelsen siger, og prøv igen.',
  ],
  'SLUSE-ATTEMPTS': [
    'For mange forsøg på at komme ind herfra er mislykkedes.',
    'Vent så længe, som der står i Retry-After, og se på, hvilken nøgle eller konto der bliver brugt.',
  ],
  'SLUSE-TEMPORAL-LIBRARY': [
    'Motoren på Temporal mangler biblioteker.',
    'Installér dem ved siden af Sluse, som docs/reference/errors.md viser.',
  ],
  'SLUSE-TEMPORAL-SETTINGS': [
    'Indstillingerne til motoren på Temporal er ikke gyldige.',
    'Ret det, som meddelelsen nævner; docs/reference/settings.md viser alle indstillinger.',
  ],
  'SLUSE-TEMPORAL-BUNDLE': [
    'Det, som motoren på Temporal kører, er ikke bygget med denne version.',
    'Installér en udgivelse, eller byg denne med `npm run build`.',
  ],
  'SLUSE-TEMPORAL-UNREACHABLE': [
    'Temporal-serveren svarer ikke.',
    'Se efter, at den kører; så går kørslerne selv videre. Hvis det er indstillingerne, så kontrollér SLUSE_TEMPORAL_ADDRESS og TLS.',
  ],
  'SLUSE-TEMPORAL-NAMESPACE': [
    'Temporal-serveren svarer, men har ikke det namespace.',
    'Opret det: `temporal operator namespace create -n <namespace> --retention 7d`, eller sæt `SLUSE_TEMPORAL_NAMESPACE`.',
  ],
  'SLUSE-REPLAY': [
    'En kørsel gentager sig ikke, som den blev gemt. Den er stoppet i stedet for at gå forkert videre.',
    'Meld det med kørslens id; kør den imens igen fra det sidste gode trin.',
  ],
  'SLUSE-CLOSING': ['Serveren er ved at lukke ned.', 'Prøv igen om lidt.'],
  'SLUSE-SETTING': [
    'En indstilling er ikke gyldig, så intet blev startet.',
    'Ret hver værdi, der er nævnt; docs/reference/settings.md viser alle indstillinger.',
  ],
  'SLUSE-SECRETS': [
    'Hemmeligheder kan ikke læses.',
    'Ret den fil eller mappe, der er nævnt; intet af indholdet bliver vist.',
  ],
  'SLUSE-PROJECT': [
    'Projektet kan ikke læses.',
    'Nævn dets mappe med --project, eller lav et med `sluse init`.',
  ],
  'SLUSE-PROJECT-FILE': [
    'En fil i projektet kan ikke læses.',
    'Gør den til en læselig fil, gemt som UTF-8, af den størrelse, der står.',
  ],
  'SLUSE-PROJECT-SYMLINK': [
    'Et link i projektet fører ud af mappen og bliver ikke fulgt.',
    'Læg selve filen i projektet.',
  ],
  'SLUSE-PROJECT-DUPLICATE': [
    'To filer har samme navnerum, navn og version.',
    'Hæv versionen i den ene, eller fjern den.',
  ],
  'SLUSE-PROJECT-WORKFLOW': [
    'Et dataforløb kører et andet, som ingen fil i projektet definerer.',
    'Tilføj definitionen, eller ret navnerum, navn og version.',
  ],
  'SLUSE-PIPELINE-DISABLED': [
    'Dataforløbet er slået fra, så der bliver ikke startet kørsler af det.',
    'Slå det til på dets side.',
  ],
  'SLUSE-TARGET-NOT-FOUND': [
    'Der er ikke et datamål med dette navn.',
    'Se listen over datamål; brug nøglen, hvor flere har samme navn.',
  ],
  'SLUSE-TARGET-STATE': [
    'Det kan ikke gøres, som datamålets afbryder er nu.',
    'Kun et datamål, der er holdt tilbage, kan slippes, og det skal slippes, før det kan nulstilles.',
  ],
  'SLUSE-PROJECT-ANNOTATION': [
    'En annotation på en forbindelse er ukendt, eller dens værdi er ikke gyldig.',
    'Ret den; docs/reference/policies/limits.md viser dem alle.',
  ],
  'SLUSE-PROJECT-RETRIES': [
    'Både et dataforløb og en politik prøver et kald igen: forsøgene bliver ganget op.',
    'Lad én af dem gøre det: fjern `retry`, eller brug en politik med `maxRetries: 0`.',
  ],
  'SLUSE-PROJECT-POLICY': [
    'En politik (Resiliency) er ikke gyldig.',
    'Ret den; docs/reference/policies viser, hvad der kan stå.',
  ],
  'SLUSE-PROJECT-CONNECTION': [
    'En forbindelse er ikke gyldig.',
    'Ret den; docs/reference/connections.md viser, hvad der kan stå.',
  ],
  'SLUSE-PROJECT-RESOURCE': [
    'En forbindelse eller politik er ikke en ressource med apiVersion, kind og metadata.name.',
    'Skriv den som den Dapr-ressource, den er.',
  ],
  'SLUSE-PROJECT-TRANSFER': [
    'En levering beder om noget, som dens forbindelser ikke har.',
    'Ret den; docs/reference/transfer.md viser, hvad der findes.',
  ],
  'SLUSE-CONNECTION-NOT-FOUND': [
    'Der er ikke en forbindelse med dette navn.',
    'Se listen over forbindelser; hver er en fil i connections/.',
  ],
  'SLUSE-TRANSFER-NOT-FOUND': [
    'Leveringen findes ikke.',
    'Find den i listen; en levering bliver slettet med sit datasæt.',
  ],
  'SLUSE-TRANSFER-STATE': ['Det kan ikke gøres, som leveringen er nu.', 'Se på dens status.'],
  'SLUSE-DATASET-NOT-FOUND': [
    'Datasættet findes ikke.',
    'Et datasæt bliver slettet, når dets tid er gået; leveringens `keep` siger hvornår.',
  ],
  'SLUSE-DATASET-ERASED': [
    'Nøglen til datasættet er destrueret, så ingen kan læse det.',
    'Kør leveringen igen for at læse kilden på ny.',
  ],
  'SLUSE-DATASET-DAMAGED': [
    'Et datasæt på disken er ikke, som det blev skrevet.',
    'Kontrollér disken, gendan datamappen fra en sikkerhedskopi, eller kør leveringen igen.',
  ],
  'SLUSE-DATASETS-UNREACHABLE': [
    'Datasæt kan hverken skrives eller læses, hvor de ligger.',
    'Kør `sluse doctor`. Leveringer fortsætter af sig selv, når det er i orden igen.',
  ],
  'SLUSE-DATASETS-ELSEWHERE': [
    'Der er datasæt, som ligger et andet sted, end `SLUSE_DATASETS` siger, så intet blev startet.',
    'Sæt den til, hvor de ligger, eller flyt dem: `sluse migrate --datasets-from folder`, eller fra `s3://bucket/prefix`.',
  ],
  'SLUSE-DEAD-LETTER-NOT-FOUND': [
    'Posten er ikke i fejlkøen.',
    'Se listen; poster bliver slettet med deres datasæt.',
  ],
  'SLUSE-DEAD-LETTER-STATE': [
    'Posten er ikke længere åben: den er sendt igen eller kasseret.',
    'Se på dens status.',
  ],
  'SLUSE-TEST-FILE': [
    'En testfil er ikke gyldig.',
    'Ret det, der er nævnt; docs/reference/tests.md beskriver formatet.',
  ],
  'SLUSE-USAGE': ['Kommandoen blev ikke brugt, som den skal.', 'Se dens --help.'],
  'SLUSE-SERVER': [
    'Serveren svarer ikke.',
    'Start den med `sluse serve`, eller nævn den med --server eller SLUSE_URL.',
  ],
  'SLUSE-SIGN-IN': [
    'Uden log ind lytter serveren kun på denne maskine.',
    'Sæt SLUSE_OIDC_ISSUER eller SLUSE_AUTH=keys, eller lyt på 127.0.0.1.',
  ],
  'SLUSE-SIGN-IN-FAILED': [
    'Log ind lykkedes ikke.',
    'Log ind igen; bliver det ved, står årsagen i serverens log.',
  ],
  'SLUSE-SIGN-IN-CLOCK': [
    'Serverens og OpenID-udbyderens ure går ikke ens.',
    'Stil serverens ur med NTP, og log så ind igen.',
  ],
  'SLUSE-SIGN-IN-DENIED': [
    'OpenID-udbyderen lukkede dig ikke ind.',
    'Log ind med en anden konto, eller få adgang til denne af dem, der driver udbyderen.',
  ],
  'SLUSE-SIGN-IN-EXPIRED': [
    'Log ind tog for lang tid, er brugt før, eller begyndte i en anden browser.',
    'Log ind igen, i ét vindue og inden for ti minutter.',
  ],
  'SLUSE-SIGN-IN-PROVIDER': [
    'OpenID-udbyderen svarer ikke, eller svarer forkert.',
    'Se på SLUSE_OIDC_ISSUER, og om serveren kan nå den; loggen siger, hvad der kom.',
  ],
  'SLUSE-UNAUTHENTICATED': ['Du er ikke længere logget ind.', 'Log ind igen.'],
  'SLUSE-FORBIDDEN': [
    'Du har ikke en rolle, der giver adgang til det.',
    'Bed en administrator om en rolle, der gør; docs/reference/roles.md viser hvilke.',
  ],
  'SLUSE-CSRF': [
    'Anmodningen viser ikke, at den kommer fra vores egen side, og er derfor afvist.',
    'Send Sluse-Request: 1 med hver anmodning, der ændrer noget.',
  ],
  'SLUSE-KEY': [
    'Nøglen findes ikke, eller kan ikke laves sådan.',
    'En nøgle har højst de rettigheder, som den, der laver den, har, og udløber inden for et år.',
  ],
  'SLUSE-KEY-NOT-FOUND': ['Nøglen findes ikke.', 'Se listen over nøgler.'],
  'SLUSE-LISTEN': [
    'Serveren kan ikke lytte på denne adresse og port.',
    'Stop det, der bruger porten, eller vælg en anden med --port.',
  ],
  'SLUSE-REQUEST': ['Serveren forstod ikke anmodningen.', 'Ret det, der er nævnt.'],
  'SLUSE-INTAKE-NOT-FOUND': [
    'Ingen forbindelse med dette navn tager imod.',
    'Lav en forbindelse af typen `bindings.webhook`, eller ret adressen.',
  ],
  'SLUSE-INTAKE-SENDER': [
    'Afsenderen er ukendt: nøglen, signaturen eller beviset passer ikke.',
    'Sammenlign nøgle eller hemmelighed med forbindelsens.',
  ],
  'SLUSE-INTAKE-CLOSED': [
    'Forbindelsen kan ikke tage imod lige nu.',
    'Send igen senere; siden Forbindelser viser, hvorfor.',
  ],
  'SLUSE-REQUEST-SIZE': [
    'Anmodningen er for stor.',
    'Send mindre ad gangen, eller hæv SLUSE_MAX_BODY_BYTES.',
  ],
  'SLUSE-REQUEST-TYPE': [
    'Indholdet er af en type, der ikke tages her.',
    'Send det med en anden Content-Type.',
  ],
  'SLUSE-REQUEST-HOST': [
    'Anmodningen nævner en anden vært eller kommer fra en anden side, og er afvist.',
    'Kald serveren som localhost eller 127.0.0.1, og kun fra dens egne sider.',
  ],
  'SLUSE-REQUEST-TIMEOUT': [
    'Anmodningen kom ikke hel i tide.',
    'Send den hurtigere, eller hæv SLUSE_REQUEST_TIMEOUT.',
  ],
  'SLUSE-APPROVAL-NOT-FOUND': [
    'Godkendelsen findes ikke.',
    'Find den i listen; en godkendelse bliver slettet med sin kørsel.',
  ],
  'SLUSE-APPROVAL-DECIDED': [
    'Det er allerede afgjort, eller ingen spørger længere.',
    'Se på den igen: den siger, hvem der afgjorde det, og hvornår.',
  ],
  'SLUSE-APPROVAL-CHANGED': [
    'Den er ændret, siden du så på den, så intet blev afgjort.',
    'Se på den igen, og afgør den så.',
  ],
  'SLUSE-APPROVAL-CLAIMED': [
    'En anden har taget den.',
    'Spørg vedkommende, eller bed en administrator om at give den fri.',
  ],
  'SLUSE-APPROVAL-NOT-ASKED': [
    'Du er ikke blandt dem, der er spurgt.',
    'Få den givet til dig, eller bliv skrevet ind som stedfortræder.',
  ],
  'SLUSE-APPROVAL-FOUR-EYES': [
    'Du har selv startet kørslen eller lavet dataene, så en anden skal afgøre det.',
    'Bed en kollega om at afgøre det.',
  ],
  'SLUSE-APPROVAL-TWICE': [
    'Du har allerede afgjort det, eller nogen har på samme vegne; det kræver forskellige personer.',
    'Bed også en kollega om at afgøre det.',
  ],
  'SLUSE-APPROVAL-PERSON': [
    'Kun mennesker afgør: nøglen tilhører en maskine.',
    'Log ind, eller brug din egen nøgle.',
  ],
  'SLUSE-APPROVAL-COMMENT': ['Et nej og et ønske om ændringer skal begrundes.', 'Skriv hvorfor.'],
  'SLUSE-APPROVAL-FORM': ['Skemaet er ikke udfyldt, som det skal.', 'Ret hver bemærkning.'],
  'SLUSE-DELEGATION': [
    'Ingen kan være stedfortræder på den måde.',
    'Nævn en anden person og en tid på højst et år, der ikke er gået.',
  ],
  'SLUSE-DELEGATION-NOT-FOUND': ['Der er ikke sådan en stedfortræder.', 'Se listen over stedfortrædere.'],
  'SLUSE-ROUTE': ['Der er ikke noget på denne adresse.', 'Ret adressen.'],
  'SLUSE-METHOD': ['Denne adresse tager ikke denne metode.', 'Se /openapi.json.'],
  'SLUSE-DEPLOY-REFUSED': [
    'Serveren tager sine dataforløb fra projektets mappe, ikke over HTTP.',
    'Læg filen i projektets mappe pipelines/; kun `sluse dev` tager definitioner over HTTP.',
  ],
  'SLUSE-INTERNAL': [
    'Der skete noget, der ikke burde kunne ske.',
    'Meld det med serverens log fra dette tidspunkt; intet, der er kvitteret for, er tabt.',
  ],
  'SLUSE-JQ-SYNTAX': ['jq-udtrykket er ikke gyldigt.', 'Ret det, hvor linje og kolonne viser.'],
  'SLUSE-JQ-REFUSED': [
    'jq-udtrykket bruger noget, der er afvist, fordi et udtryk ikke har adgang til maskinen.',
    'Tag det ud; docs/reference/expressions.md viser, hvad man bruger i stedet.',
  ],
  'SLUSE-JQ-ERROR': [
    'jq-udtrykket gav en fejl på disse data.',
    'Ret udtrykket eller dataene, eller tag fejlen i udtrykket med `try … catch` eller `?`.',
  ],
  'SLUSE-JQ-LIMIT': [
    'jq-udtrykket nåede en grænse: trin, størrelse, dybde eller resultater.',
    'Giv det færre data ad gangen, eller gør det enklere.',
  ],
}

/** The types of errors that the definition language itself has, by the last part of their address. */
export const standardErrorsInDanish: { readonly [name: string]: string } = {
  configuration: 'Fejl i opsætningen',
  validation: 'Data overholder ikke skemaet',
  expression: 'Et udtryk kunne ikke beregnes',
  authentication: 'Det andet system afviste, hvem vi er',
  authorization: 'Det andet system gav ikke adgang',
  timeout: 'Det tog for lang tid',
  communication: 'Det andet system svarede ikke, eller svarede med en fejl',
  runtime: 'Fejl under kørslen',
}
