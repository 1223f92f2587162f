/*
 * safety_words.c: see safety_words.h. The order of rows does not matter.
 */
#include "safety_words.h"

/* clang-format off */
const word_row word_rows[] = {
    /* ---- names of programs, formats and places: the same everywhere ---- */
    {"", WORD_BROWSER,
     "~selenium|puppeteer|playwright|phantomjs|~webdriver|web driver|chromedriver|geckodriver|"
     "headless|cypress run|autohotkey|autoit|pyautogui|applescript|uipath|watir|nightmarejs|"
     "testcafe|capybara|splinter browser|sikuli|=adb shell|=cdp session|devtools protocol|"
     "xdotool|mechanize"},
    {"", WORD_SCRAPING,
     "beautifulsoup|scrapy|=xpath|css selector|queryselector|innerhtml|getelementby|tesseract"},
    {"", WORD_CREDENTIALS,
     "=2fa|=mfa|=otp|=totp|=u2f|id rsa|id ed25519|=ssh key|=ssh keys|keepass|lastpass|"
     "1password|authenticator|etc passwd|etc shadow|=dot env|oauth token|bybit api key|"
     "openai api key|=xprv|keystore"},
    {"", WORD_EXFILTRATION,
     "pastebin|=ngrok|requestbin|webhook|=wget|=curl|=scp|netcat|os execute|io popen|"
     "subprocess|=rm rf|eval base64|keylogger|pipedream|burpcollaborator|interactsh|"
     "transfer sh|anonfiles|file io upload|=dns tunnel"},
    {"", WORD_EVASION,
     "=vpn|=tor|proxychains|2captcha|anticaptcha|~captcha|=antidetect|=deepfake|=sybil|"
     "=wash trade|=wash trading|=wash trades"},
    {"", WORD_OUTSIDE,
     "http|=ftp|www|telegram|discord|=gist|dropbox|google drive|=onion|=pastebin|=smtp|=slack"},
    {"", WORD_MONEY,
     "=usdt|=usdc|=btc|=eth|=sol|=usd|=xrp|=ada|=doge|=bnb"},

    /* ---- English ---- */
    {"en", WORD_CREDENTIALS,
     "~password|~passphrase|~passcode|~credential|api key|apikey|api secret|api token|"
     "access token|auth token|bearer token|session token|login token|refresh token|=secret|"
     "=secrets|secret key|secret phrase|client secret|private key|signing key|seed phrase|"
     "seed words|recovery phrase|recovery code|recovery key|mnemonic|backup code|"
     "one time code|one time pin|verification code|confirmation code|security code|sms code|"
     "email code|two factor|pin code|=cvv|login detail|login data|login info|sign in detail|"
     "username and|user name and pass|log in as the user|log in on behalf|sign in on behalf|"
     "session cookie|auth cookie|cookie jar|key and secret|keychain|impersonat|pass word|=pwd|"
     "passwd|wallet key|hot wallet key"},
    {"en", WORD_SCRAPING,
     "~scrape|~scraping|~scraped|screen scrap|web harvest|harvest the page|crawler|crawl the|"
     "crawl web|crawl page|crawl site|crawl bybit|spider the|web spider|parse the html|"
     "parse html|parse the page|parse the web|read the page source|html source|"
     "extract from the website|extract from the page|extract data from the website|"
     "extract data from the page|extract data from the ui|extract data from the screen|"
     "dom tree|dom element|screen reading|ocr the|ocr screenshot|=ocr"},
    {"en", WORD_BROWSER,
     "browser automat|automat browser|automat the browser|automated browser|"
     "automate a browser|automated chrome|ui automat|gui automat|robotic process|=rpa|"
     "click bot|clickbot|auto click|auto clicker|simulate click|simulate mouse|simulate key|"
     "simulated click|fake click|simulate a click|simulate user|script the browser|"
     "drive the browser|control the browser|remote control the browser|browser bot|"
     "browser extension that|userscript|tampermonkey|greasemonkey|bookmarklet|browser script|"
     "macro recorder|mouse macro|keyboard macro|fill the form automat|auto fill the form|"
     "form filler|automatic login|auto login|autologin|log in automatically|"
     "login automatically|sign in automatically"},
    {"en", WORD_EVASION,
     "bypass|circumvent|=evade|=evades|=evading|evasion|=hack|=hacks|=hacked|=hacking|=hacker|"
     "=hackers|jailbreak|=spoof|=spoofs|spoofing the|spoofing ip|spoofing location|"
     "spoofing identit|fake account|fake identit|fake id|false identity|fake kyc|"
     "multiple account|multi account|second account|several account|many accounts|"
     "dummy account|sock puppet|self referral|refer yourself|rotate ip|rotating ip|"
     "rotate prox|ip rotation|rotating prox|proxy rotation|residential prox|change ip|"
     "mask the ip|hide the ip|hide your ip|hide our ip|hide identity|anonymous account|"
     "virtual private network|tunnel through|undetect|without being detected|"
     "stay under the radar|avoid detection|avoid being detected|avoid being banned|"
     "avoid a ban|evade detection|against the terms|against terms|despite the terms|"
     "despite the ban|despite the rules|tos violation|violation of the terms|terms violation|"
     "disable safety|disable the safety|turn off the safety|disable the filter|"
     "ignore previous instruction|ignore all previous|ignore prior instruction|"
     "disregard previous|disregard all|ignore your instruction|ignore the safety|"
     "ignore safety|phish|malware|ransomware|market manipulation|manipulate the market|"
     "pump and dump|insider information|fake volume|=steal|=steals|=stealing|stolen"},
    {"en", WORD_ORDERS,
     "execute trades|executes trades|execute a trade|execute the trade|place trades|"
     "place a trade|enter a trade|make a trade|make trades|perform trades|market buy|"
     "market sell|=go long|=go short|=going long now|orders directly|order directly|"
     "direct order|auto trade|autotrade|order create|create order|order placement api|"
     "order cancel api|order amend|cancel all orders|close all positions|open a long|"
     "open a short|open long|open short|open a position|open a new position|open a leveraged|"
     "enter a long|enter a short|enter a position|close the position|close position|"
     "order is placed|orders are placed automatically|order be placed|orders be placed|"
     "order must be sent|ape in|all in on|trade automatically without|liquidate the position|"
     "flatten the position|flatten all|set leverage|increase leverage"},
    {"en", WORD_EXFILTRATION,
     "exfiltrat|leak the|leak data|leak keys|leak account|data theft|data to a third|"
     "dump the database|dump the ledger to|external server|remote server|third party server|"
     "outside server|attacker|my server|personal data|environment variable|env var|clipboard|"
     "key logger|phone home|reverse shell|shell command|shell script|run a command|upload to|"
     "external address|external wallet|foreign wallet|my wallet address|withdrawal address|"
     "send funds|send all funds|transfer funds|transfer all funds|transfer the funds|"
     "drain the|drain wallet|drain account|drain funds|drain balance|siphon|wire the money|"
     "cash out to"},
    {"en", WORD_PLACE,
     "=place|=places|=placing|=submit|=submits|=submitting|=execute|=executes|=executing|"
     "=issue|=issues|=issuing|=create|=creates|=creating|=fire|=fires|=firing|=put in|=enter|"
     "=enters|=entering|=cancel|=cancels|=cancelling|=canceling|=amend|=amends|=amending|"
     "=modify|=modifies|=modifying|=replace|=replaces|=send|=sends|=sending|=post|=posts|"
     "=posting|=transmit|=route|=routes|=make"},
    {"en", WORD_ORDER,
     "=order|=orders|=stop loss|=take profit"},
    {"en", WORD_TRADE,
     "=buy|=sell|=purchase|=liquidate|=dump"},
    {"en", WORD_AMOUNT,
     "=all|=everything|=half|=max|=maximum|=immediately|=now|=at market|=at the market|"
     "=right away|=instantly|=via the api|=via api|=through the api"},
    {"en", WORD_MOVE,
     "=withdraw|=withdraws|=withdrawing|=wire|=wires"},
    {"en", WORD_MONEY,
     "=funds|=money|=balance|=balances|=coins|=assets|=capital|=everything|=deposit|=profits|"
     "=crypto"},
    {"en", WORD_SEND,
     "=send|=sends|=sending|=upload|=uploads|=uploading|=forward|=forwards|=forwarding|=email|"
     "=emails|=emailing|=mail|=mails|=transmit|=transmits|=transmitting|=publish|=publishes|"
     "=export|=exports|=exporting|=post|=posts|=push|=pushes|=submit|=transfer|=transfers|"
     "=transferring"},
    {"en", WORD_PRIVATE,
     "account data|account detail|account information|account balances|wallet balances|"
     "wallet data|user data|customer data|private data|confidential|trade history|"
     "trading history|portfolio data|=positions and balances|the ledger|the database|"
     "configuration file|config file|the keys|=keys|=balances"},
    {"en", WORD_OUTSIDE,
     "external|=third party|=third parties|outside|a stranger|=an address|=this address|"
     "=address|=an email address|=an e mail|remote host|=public url|=a url|competitor|"
     "another account"},
    {"en", WORD_BREAK,
     "=violate|=violates|=violating|=ignore|=ignores|=ignoring|=break|=breaks|=breaking|"
     "=breach|=get around|=getting around|=work around|=workaround|=trick|=tricks|=fool|"
     "=fools|=dodge|=dodges|=defeat|=defeats|=skirt|=sidestep|=disregard|=fake|=forge|=forges|"
     "=falsify|=sneak past|=avoid|=avoids|=avoiding|=skip"},
    {"en", WORD_RULE,
     "terms of service|terms of use|terms and conditions|=tos|=kyc|=aml|geo block|geoblock|"
     "geo fence|geo restriction|regional restriction|region lock|country restriction|"
     "detection|anti bot|bot check|bot protection|anti fraud|fraud check|identity check|"
     "identity verification|=compliance|exchange rules|platform rules|account limit|"
     "manual approval|sanction|the rules|=ban|=the terms|surveillance|cloudflare"},
    {"en", WORD_ABUSE,
     "=exploit|=exploits|=exploiting|=abuse|=abuses|=abusing|=game|=gaming|=take advantage of"},
    {"en", WORD_WEAKNESS,
     "=bug|=bugs|loophole|glitch|vulnerab|=flaw|=flaws|weakness|=referral|=promo|promotion|"
     "=bonus|=bonuses|=system|=exchange|=platform|=sign up|=airdrop|=new user|=newcomer|"
     "matching engine|=pricing error"},
    {"en", WORD_HANDLE,
     "=ask for|=asks for|=request|=requests|=store|=stores|=storing|=save|=saves|=enter|"
     "=enters|=type|=types|=typing|=paste|=capture|=captures|=collect|=collects|=collecting|"
     "=reuse|=read|=reads|=use|=uses|=using|=copy|=export|=extract|=grab|=grabs|=provide|"
     "=share|=give|=tell|=reset|=change|=rotate|=hand over"},
    {"en", WORD_LOGIN,
     "=login|=logins|=cookie|=cookies|=2 factor|=pin|=pins|=login name|=secret question|"
     "=google code|=the keys|=your keys|=users keys|=api keys|=security question|=session id|"
     "=auth code|=sms"},
    {"en", WORD_AUTOMATE,
     "=automate|=automates|=automating|=automatically|=automated|=bot|=bots|=script|=scripts|"
     "=robot|=macro|=macros|=simulate|=simulates|=programmatically"},
    {"en", WORD_INTERFACE,
     "=website|=web site|=web page|=webpage|=click|=clicks|=clicking|=button|=buttons|"
     "=browser|=browsers|=user interface|=web interface|=mouse|=keyboard|=form|=forms|=ui|"
     "=gui|=web app|=chrome|=firefox|=page|=site|=captcha"},
    {"en", WORD_NOT,
     "=no|=not|=never|=without|=neither|=nor|=none|=cannot|=dont|=doesnt|=wont|=cant|=isnt|"
     "=arent|=mustnt|=shouldnt|=do not|=does not|=nothing|=avoids|=forbids|=zero|=refuses to|"
     "=free of|=instead of|=rather than"},
    {"en", WORD_FILLER,
     "=any|=a|=an|=the|=your|=user|=users|=ever|=direct|=directly|=api|=real|=live|=need|=for|"
     "=to|=use|=be|=of|=itself|=require|=requires|=new|=handle|=store|=ask|=contain|=involve|"
     "=touch|=actual"},
    {"en", WORD_OR,
     "=or|=nor|=and"},
    {"en", WORD_BE,
     "=is|=are|=be|=will"},
    {"en", WORD_NEEDED,
     "=needed|=required|=used|=asked|=stored|=handled|=involved|=touched|=necessary|=placed|"
     "=sent|=made|=submitted|=allowed|=read|=collected|=permitted"},
    {"en", WORD_FREE,
     "=free"},
    {"en", WORD_BLOCKER,
     "=when|=if|=about|=alert|=alerts|=report|=reports|=after|=that|=which|=for|=from|=of|"
     "=with|=on|=message|=summary|=in|=whether|=whose|=where|=how|=what|=why|=because|=while|"
     "=by|=per|=against|=than|=pressure|=side|=signal|=signals|=term|=is|=are|=was|=were|"
     "=between|=note|=notes|=table|=list|=history|=statistics|=interest|=ratio"},
    {"en", WORD_HARMLESS,
     "=post only|=post only order|=order book|=order books|=orderbook|=orderbooks|=order flow|"
     "=order history|=in order to|=in order of|=in order|=order of|=order types|=order type|"
     "=order size|=order sizes|=order count|=order imbalance|"
     "=by passing|=secret santa|=trade off|=trade offs|=trade history|=trade ideas|"
     "=trade idea|=trade journal|=trade data|=trade count|=passwordless|=captchaless|"
     "=issue of|=long term|=short term|=long tail|=take place|=takes place|=taking place|"
     "=took place|=in place|=first place|=pass through|=drain on|=sell side|=buy side|"
     "=sell pressure|=buy pressure|=sell off|=long side|=short side|=close to|=hacker news|"
     "=hackathon|=rules based|=transfer fee|=transfer fees|=withdraw fee|=move the market|"
     "=short squeeze|=long only|=moving average|=moving averages|=open interest|=page views|"
     "=trade war|=issue with"},

    /* ---- Russian ---- */
    {"ru", WORD_CREDENTIALS,
     "~парол|учетн данн|учетные данн|учетных данн|учетными данн|учетную запись и|логин и|"
     "логина и|ключ api|ключи api|ключей api|api ключ|апи ключ|ключ апи|ключи апи|"
     "секретн ключ|секретный ключ|секретного ключ|секретные ключ|секретную фраз|"
     "секретная фраз|приватн ключ|приватный ключ|приватного ключ|приватные ключ|закрытый ключ|"
     "закрытого ключ|сид фраз|seed фраз|сидфраз|мнемони|фраза восстановлен|фразу восстановлен|"
     "код подтвержден|кода подтвержден|код из смс|код из sms|смс код|sms код|одноразовый код|"
     "одноразов парол|двухфактор|токен доступ|токена доступ|данные для вход|данных для вход|"
     "данные аккаунта для|сессионн кук|куки сесс|пин код|=пинкод|=секрет|=секреты"},
    {"ru", WORD_SCRAPING,
     "скрейп|скрап|скрэп|парсинг|=парсить|=парсит|=спарсить|парсер|краулер|извлечь со страниц|"
     "извлекать со страниц|собирать данные с сайта|собрать данные с сайта|считывать с экран|"
     "считать с экран|считывать со страниц|разбор html"},
    {"ru", WORD_BROWSER,
     "селениум|автоматизация браузер|автоматизаци браузер|автоматизировать браузер|"
     "автоматизированный браузер|автоматизированного браузер|управлять браузер|"
     "управление браузер|безголов браузер|безголовый браузер|безголового браузер|автоклик|"
     "автокликер|эмулировать клик|эмуляция клик|имитировать клик|имитация клик|"
     "имитация действий пользовател|скрипт для браузер|автоматический вход|"
     "автоматически войти|автоматически входить|нажимать кнопк|нажать кнопку автоматическ"},
    {"ru", WORD_EVASION,
     "=обойти|=обходить|=обходит|=обходя|обход огранич|обход блокиров|обход правил|обход капч|"
     "обход провер|в обход|=обход|взлом|=хак|хакер|хакнуть|уклон от провер|нарушить правил|"
     "нарушать правил|нарушает правил|нарушение правил|нарушая правил|нарушить услови|"
     "нарушать услови|нарушение услови|фейков|поддельн аккаунт|поддельный|поддельные|"
     "несколько аккаунт|второй аккаунт|мультиаккаунт|множество аккаунт|капч|=впн|сменить ip|"
     "менять ip|смена ip|прокси|подменить|скрыть ip|скрыть личность|игнорируй предыдущ|"
     "игнорировать правил|игнорировать услови|отмыван|украсть|украд|незамет для бирж|"
     "манипулировать рынк|манипуляци рынк"},
    {"ru", WORD_ORDERS,
     "купить по рынку|продать по рынку|купи по рынку|продай по рынку|рыночный ордер|"
     "открыть позици|открыть лонг|открыть шорт|открывать позици|открывает позици|"
     "закрыть позици|закрыть все позици|войти в лонг|войти в шорт|зайти в лонг|прямые ордер|"
     "ордера напрямую|ордер напрямую|купить btc|продать btc|купить биткоин|продать биткоин|"
     "купить биткойн|продать биткойн|заявку напрямую"},
    {"ru", WORD_PLACE,
     "=разместить|=размещать|=размещает|=разместит|=размести|=размещение|=отправить|"
     "=отправлять|=отправляет|=выставить|=выставлять|=выставляет|=выставь|=исполнить|"
     "=исполнять|=создать|=создавать|=создает|=отменить|=отменять|=отменяет|=поставить|"
     "=ставить|=подать|=подавать|=изменить"},
    {"ru", WORD_ORDER,
     "=ордер|=ордера|=ордеров|=ордеры|=заявку|=заявки|=заявка|=заявок|=стоп лосс|=сделку|"
     "=сделки"},
    {"ru", WORD_MOVE,
     "=вывести|=выводить|=выводит|=выведи|=перевести|=переводить|=переведи|=перечислить"},
    {"ru", WORD_MONEY,
     "=средства|=деньги|=баланс|=монеты|=активы|=капитал|=все"},
    {"ru", WORD_SEND,
     "=отправить|=отправлять|=отправляет|=отправь|=загрузить|=переслать|=пересылать|=передать|"
     "=передавать|=передает|=выложить|=опубликовать|=слить|=сливать|=скопировать"},
    {"ru", WORD_PRIVATE,
     "данные аккаунта|данные счета|данные пользовател|личные данные|персональные данные|"
     "балансы|баланс счета|баланс|историю сделок|ключи|базу данных"},
    {"ru", WORD_OUTSIDE,
     "внешн|третьим лицам|третьей стороне|на сторонн|сторонний сервер|удаленный сервер|"
     "телеграм|на почту|на мой сервер"},
    {"ru", WORD_EXFILTRATION,
     "утечк|эксфильтрац|вебхук|внешний сервер|внешнему серверу|сторонний сервер|чужой кошелек|"
     "внешний кошелек|внешний адрес|третьим лицам|переменные окружения|кейлоггер|буфер обмена"},
    {"ru", WORD_NOT,
     "=не|=без|=нет|=никогда|=никаких|=ни|=запрещено|=нельзя|=вместо"},
    {"ru", WORD_FILLER,
     "=каких либо|=любых|=ваших|=прямых|=реальных|=ввода|=использования|=нужны|=нужен|"
     "=требуются"},
    {"ru", WORD_OR,
     "=или|=и"},
    {"ru", WORD_BLOCKER,
     "=если|=когда|=для|=отчет|=о|=об|=с|=по|=из|=уведомление"},
    {"ru", WORD_HARMLESS,
     "=книга ордеров|=книги ордеров|=книгу ордеров|=стакан заявок|=история ордеров|"
     "=историю ордеров|=секретарь"},

    /* ---- German ---- */
    {"de", WORD_CREDENTIALS,
     "~passwort|~passwört|~passwoert|kennwort|kennwört|kennwoert|zugangsdaten|anmeldedaten|"
     "logindaten|login daten|benutzerdaten|api schlüssel|apischlüssel|api schluessel|"
     "geheimschlüssel|geheimer schlüssel|geheimen schlüssel|privater schlüssel|"
     "privaten schlüssel|privatschlüssel|geheimnis|seed phrase|wiederherstellungsphrase|"
     "wiederherstellungswört|bestätigungscode|sicherheitscode|einmalpasswort|einmalcode|"
     "zwei faktor|zweifaktor|sms code|sitzungscookie|zugriffstoken|zugangstoken|passphrase|"
     "pin nummer"},
    {"de", WORD_SCRAPING,
     "auslesen der webseite|webseite auslesen|website auslesen|seite auslesen|seiten auslesen|"
     "bildschirm auslesen|oberfläche auslesen|webseiten auslesen|abgrasen|html parsen|"
     "seite parsen"},
    {"de", WORD_BROWSER,
     "browserautomat|browser automat|browser steuer|browsersteuer|browser fernsteuer|"
     "automatisierter browser|automatisierten browser|automatisch klicken|klicks simulier|"
     "klick simulier|mausklicks simulier|automatisch anmelden|automatisch einloggen|"
     "automatische anmeldung|automatischer login|oberfläche automatis|formular automatisch"},
    {"de", WORD_EVASION,
     "umgehen|umgeh|=umgeht|umgehung|aushebeln|austricksen|nutzungsbedingungen verletz|"
     "nutzungsbedingungen ignor|nutzungsbedingungen brech|gegen die nutzungsbedingungen|"
     "nutzungsbedingungen verstoß|verstößt gegen|verstoß gegen|verstoßen gegen|agb verletz|"
     "gegen die agb|gefälschte|gefälschten|mehrere konten|zweitkonto|mehrfachkonten|"
     "fake konto|hacken|gehackt|ip wechsel|ip verschleier|identität verschleier|"
     "sicherheitslücke ausnutz|stehlen|gestohlen|marktmanipul|vorherige anweisungen ignor|"
     "unerkannt"},
    {"de", WORD_ORDERS,
     "marktorder|position eröffn|position oeffn|long gehen|short gehen|positionen eröffn|"
     "position schließ|positionen schließ|kaufe btc|verkaufe btc|kaufe eth|verkaufe eth|"
     "bitcoin kaufen|bitcoin verkaufen|btc kaufen|btc verkaufen|order direkt|orders direkt|"
     "direkte order|direkt aufträge|aufträge direkt|zum marktpreis kauf|zum marktpreis verkauf"},
    {"de", WORD_PLACE,
     "=platzieren|=platziert|=platziere|=aufgeben|=erteilen|=erteilt|=absenden|=ausführen|"
     "=führt|=stornieren|=storniert|=einstellen|=senden|=sendet|=schicken|=schickt|"
     "=platzierung|=gib|=gibt|=aufzugeben|=zu platzieren"},
    {"de", WORD_ORDER,
     "=order|=orders|=auftrag|=aufträge|=kauforder|=verkaufsorder|=kaufauftrag|=kaufaufträge|"
     "=verkaufsauftrag|=limitorder|=kauforders"},
    {"de", WORD_MOVE,
     "=abheben|=abhebe|=überweise|=überweisen|=auszahlen|=transferiere|=transferieren"},
    {"de", WORD_MONEY,
     "=guthaben|=geld|=gelder|=mittel|=kapital|=münzen|=alles|=vermögen"},
    {"de", WORD_SEND,
     "=senden|=sende|=sendet|=schicken|=schicke|=schickt|=hochladen|=lade|=übertragen|"
     "=überträgt|=übermitteln|=weiterleiten|=veröffentlichen|=kopieren"},
    {"de", WORD_PRIVATE,
     "kontodaten|kontostände|kontostand|guthaben|nutzerdaten|kundendaten|persönliche daten|"
     "handelshistorie|schlüssel|datenbank"},
    {"de", WORD_OUTSIDE,
     "extern|fremde|dritte|ausländ|auf einen server|per e mail|per mail"},
    {"de", WORD_EXFILTRATION,
     "exfiltrier|externen server|externer server|fremden server|fremde wallet|externe wallet|"
     "externe adresse|datenabfluss|abfließen|umgebungsvariable|zwischenablage|an dritte"},
    {"de", WORD_NOT,
     "=kein|=keine|=keinen|=keiner|=nicht|=nie|=niemals|=ohne|=statt"},
    {"de", WORD_FILLER,
     "=der|=die|=das|=eine|=einen|=echte|=direkte|=irgendwelche|=eingabe|=von"},
    {"de", WORD_OR,
     "=oder|=und|=noch"},
    {"de", WORD_BLOCKER,
     "=wenn|=falls|=über|=für|=bericht|=von|=mit|=aus|=im|=meldung"},
    {"de", WORD_HARMLESS,
     "=orderbuch|=orderbücher|=sekretär|=sekretärin|=auftragsbuch"},

    /* ---- Spanish ---- */
    {"es", WORD_CREDENTIALS,
     "contraseña|contrasena|contrasenya|credencial|clave privada|claves privadas|"
     "clave secreta|claves secretas|clave api|claves api|clave de api|claves de api|"
     "clave de acceso|claves de acceso|llave privada|llave secreta|frase semilla|"
     "frase de recuperación|código de verificación|código de confirmación|código sms|"
     "código de seguridad|datos de acceso|datos de inicio|usuario y clave|doble factor|"
     "dos factores|token de acceso|token de sesión|cookie de sesión|cookies de sesión|"
     "secreto de api|=secreto"},
    {"es", WORD_SCRAPING,
     "raspar|raspado|raspar la|=rascar|extraer de la página|extraer datos de la página|"
     "extraer de la web|extraer datos de la web|extraer datos del sitio|analizar el html|"
     "leer la pantalla"},
    {"es", WORD_BROWSER,
     "automatizar el navegador|automatiza el navegador|automatización del navegador|"
     "automatizacion de navegador|navegador automatizado|controlar el navegador|simular clic|"
     "simula clic|clics automáticos|hacer clic automáticamente|navegador sin cabeza|"
     "inicio de sesión automático|iniciar sesión automáticamente|automatizar la interfaz|"
     "automatizar clics"},
    {"es", WORD_EVASION,
     "eludir|elude|evadir|evade la|evade los|evade el|=evade|esquivar|burlar|saltarse|"
     "violar los términos|violar las|viola los|incumplir|infringir|términos de servicio ignor|"
     "cuentas falsas|cuenta falsa|múltiples cuentas|varias cuentas|cuentas múltiples|hackear|"
     "hackea|piratear|ocultar la ip|cambiar la ip|rotar ip|identidad falsa|"
     "explotar una vulnerab|explotar un error|robar|sin ser detectado|manipular el mercado|"
     "ignora las instrucciones|ignorar las instrucciones"},
    {"es", WORD_ORDERS,
     "comprar btc|vender btc|compra btc|vende btc|comprar bitcoin|vender bitcoin|"
     "comprar a mercado|vender a mercado|abrir una posición|abrir posición|abre una posición|"
     "abrir largo|abrir corto|cerrar la posición|cerrar posiciones|orden directa|"
     "órdenes directas|órdenes directamente|orden de mercado"},
    {"es", WORD_PLACE,
     "=colocar|=coloca|=colocando|=enviar|=envía|=enviando|=ejecutar|=ejecuta|=ejecutando|"
     "=crear|=crea|=cancelar|=cancela|=poner|=pone|=emitir|=lanzar|=modificar|=realizar"},
    {"es", WORD_ORDER,
     "=orden|=órdenes|=ordenes|=operación|=operaciones"},
    {"es", WORD_MOVE,
     "=retirar|=retira|=transferir|=transfiere|=mover"},
    {"es", WORD_MONEY,
     "=fondos|=dinero|=saldo|=saldos|=capital|=monedas|=todo"},
    {"es", WORD_SEND,
     "=enviar|=envía|=envia|=subir|=sube|=reenviar|=publicar|=transmitir|=copiar|=compartir|"
     "=filtrar"},
    {"es", WORD_PRIVATE,
     "datos de la cuenta|datos de cuenta|datos del usuario|datos personales|saldos|saldo|"
     "historial de operaciones|base de datos|claves"},
    {"es", WORD_OUTSIDE,
     "externo|externa|terceros|servidor remoto|por correo|un correo"},
    {"es", WORD_EXFILTRATION,
     "exfiltrar|servidor externo|dirección externa|billetera externa|cartera externa|"
     "filtrar datos|a terceros|variables de entorno|portapapeles"},
    {"es", WORD_NOT,
     "=sin|=nunca|=jamás|=ninguna|=ningún|=nada de"},
    {"es", WORD_FILLER,
     "=de|=el|=los|=las|=usar|=se|=necesita|=una|=un|=pedir"},
    {"es", WORD_OR,
     "=ni|=o|=y"},
    {"es", WORD_BLOCKER,
     "=cuando|=si|=sobre|=para|=informe|=de|=del|=con|=en|=alerta|=por"},
    {"es", WORD_HARMLESS,
     "=libro de órdenes|=en orden|=orden de prioridad|=secretario|=secretaria"},

    /* ---- French ---- */
    {"fr", WORD_CREDENTIALS,
     "mot de passe|mots de passe|identifiants|=identifiant et|clé privée|clés privées|"
     "clé secrète|clés secrètes|clé api|clés api|clé d'api|clés d'api|clé d'accès|"
     "phrase de récupération|phrase secrète|phrase mnémonique|phrase seed|"
     "code de vérification|code de confirmation|code sms|code de sécurité|"
     "double authentification|authentification à deux|jeton d'accès|jeton de session|"
     "cookie de session|cookies de session|données de connexion|informations de connexion|"
     "code à usage unique"},
    {"fr", WORD_SCRAPING,
     "scraper|gratter la page|aspirer le site|aspirer la page|aspiration du site|"
     "extraire de la page|extraire des données du site|extraire les données du site|"
     "extraire les données de la page|analyser le html|lire l'écran|moissonner le"},
    {"fr", WORD_BROWSER,
     "automatiser le navigateur|automatise le navigateur|automatisation du navigateur|"
     "navigateur automatisé|piloter le navigateur|pilote le navigateur|"
     "contrôler le navigateur|simuler des clics|simuler les clics|simule des clics|"
     "simuler un clic|clics automatiques|navigateur sans tête|connexion automatique|"
     "se connecter automatiquement|automatiser l'interface|cliquer automatiquement"},
    {"fr", WORD_EVASION,
     "contourner|contourne|contournement|esquiver|violer les conditions|viole les conditions|"
     "violer les|enfreindre|enfreint|faux comptes|faux compte|plusieurs comptes|"
     "comptes multiples|pirater|piratage|masquer l'ip|masquer l'adresse ip|changer d'ip|"
     "changer d'adresse ip|fausse identité|fausses identités|exploiter une faille|"
     "exploiter la faille|voler|sans être détecté|manipuler le marché|ignorer les conditions|"
     "ignore les instructions|ignorez les instructions|usurper"},
    {"fr", WORD_ORDERS,
     "acheter du btc|vendre du btc|acheter btc|vendre btc|acheter du bitcoin|"
     "vendre du bitcoin|acheter au marché|vendre au marché|ouvrir une position|"
     "ouvre une position|ouvrir un long|ouvrir un short|fermer la position|"
     "fermer les positions|ordre direct|ordres directs|ordres directement|ordre directement|"
     "ordre au marché"},
    {"fr", WORD_PLACE,
     "=placer|=place|=plaçant|=passer|=passe|=envoyer|=envoie|=exécuter|=exécute|=soumettre|"
     "=soumet|=créer|=crée|=annuler|=annule|=émettre|=modifier|=transmettre"},
    {"fr", WORD_ORDER,
     "=ordre|=ordres"},
    {"fr", WORD_MOVE,
     "=retirer|=retire|=transférer|=transfère|=virer|=déplacer"},
    {"fr", WORD_MONEY,
     "=fonds|=argent|=solde|=soldes|=capital|=pièces|=tout"},
    {"fr", WORD_SEND,
     "=envoyer|=envoie|=transmettre|=transmet|=téléverser|=publier|=publie|=transférer|"
     "=copier|=partager|=exporter"},
    {"fr", WORD_PRIVATE,
     "données du compte|données de compte|données utilisateur|données personnelles|soldes|"
     "solde|historique des transactions|base de données|les clés"},
    {"fr", WORD_OUTSIDE,
     "externe|tiers|serveur distant|par e mail|par courriel"},
    {"fr", WORD_EXFILTRATION,
     "exfiltrer|serveur externe|adresse externe|portefeuille externe|fuite de données|"
     "à un tiers|à des tiers|variables d'environnement|presse papiers"},
    {"fr", WORD_NOT,
     "=sans|=ne|=jamais|=aucun|=aucune|=pas de|=pas d"},
    {"fr", WORD_FILLER,
     "=de|=d|=le|=la|=les|=des|=du|=aucun|=demander|=jamais"},
    {"fr", WORD_OR,
     "=ou|=et|=ni"},
    {"fr", WORD_BLOCKER,
     "=quand|=si|=sur|=pour|=rapport|=dans|=avec|=alerte|=par|=du"},
    {"fr", WORD_HARMLESS,
     "=carnet d ordres|=en ordre|=ordre de grandeur|=secrétaire"},

    /* ---- Portuguese ---- */
    {"pt", WORD_CREDENTIALS,
     "=senha|=senhas|palavra passe|palavras passe|credenciais|chave privada|chaves privadas|"
     "chave secreta|chaves secretas|chave api|chaves api|chave de api|chaves de api|"
     "chave da api|frase semente|frase de recuperação|código de verificação|"
     "código de confirmação|código sms|código de segurança|autenticação de dois|dois fatores|"
     "token de acesso|token de sessão|cookie de sessão|cookies de sessão|dados de acesso|"
     "dados de login|=segredo|=segredos"},
    {"pt", WORD_SCRAPING,
     "raspagem|raspar|extrair da página|extrair dados da página|extrair dados do site|"
     "extrair do site|analisar o html|ler a tela|ler o ecrã"},
    {"pt", WORD_BROWSER,
     "automatizar o navegador|automatiza o navegador|automação do navegador|"
     "automação de navegador|navegador automatizado|controlar o navegador|simular cliques|"
     "simula cliques|simular clique|cliques automáticos|clicar automaticamente|"
     "login automático|entrar automaticamente|automatizar a interface|automatizar cliques"},
    {"pt", WORD_EVASION,
     "contornar|contorna|burlar|burla|driblar|violar os termos|violar as|viola os termos|"
     "descumprir|infringir|contas falsas|conta falsa|várias contas|múltiplas contas|"
     "contas múltiplas|hackear|invadir|ocultar o ip|esconder o ip|trocar de ip|mudar o ip|"
     "identidade falsa|explorar uma falha|explorar uma vulnerab|explorar um bug|roubar|"
     "sem ser detectado|manipular o mercado|ignore as instruções|ignorar as instruções|"
     "ignorar os termos"},
    {"pt", WORD_ORDERS,
     "comprar btc|vender btc|compre btc|venda btc|comprar bitcoin|vender bitcoin|"
     "comprar a mercado|vender a mercado|abrir uma posição|abrir posição|abre uma posição|"
     "fechar a posição|fechar posições|ordem direta|ordens diretas|ordens diretamente|"
     "ordem a mercado"},
    {"pt", WORD_PLACE,
     "=colocar|=coloca|=coloque|=enviar|=envia|=envie|=executar|=executa|=criar|=cria|"
     "=cancelar|=cancela|=emitir|=lançar|=modificar|=submeter|=dar"},
    {"pt", WORD_ORDER,
     "=ordem|=ordens"},
    {"pt", WORD_MOVE,
     "=sacar|=saque|=retirar|=transferir|=transfira|=transfere"},
    {"pt", WORD_MONEY,
     "=fundos|=dinheiro|=saldo|=saldos|=capital|=moedas|=tudo"},
    {"pt", WORD_SEND,
     "=enviar|=envia|=envie|=carregar|=encaminhar|=publicar|=transmitir|=copiar|=compartilhar"},
    {"pt", WORD_PRIVATE,
     "dados da conta|dados de conta|dados do usuário|dados pessoais|saldos|saldo|"
     "histórico de operações|base de dados|banco de dados|chaves"},
    {"pt", WORD_OUTSIDE,
     "externo|externa|terceiros|servidor remoto|por e mail"},
    {"pt", WORD_EXFILTRATION,
     "exfiltrar|servidor externo|endereço externo|carteira externa|vazar dados|vazamento|"
     "para terceiros|variáveis de ambiente|área de transferência"},
    {"pt", WORD_NOT,
     "=sem|=não|=nunca|=jamais|=nenhuma|=nenhum"},
    {"pt", WORD_FILLER,
     "=de|=o|=os|=as|=usar|=precisa|=pedir|=uma|=um|=são"},
    {"pt", WORD_OR,
     "=nem|=ou|=e"},
    {"pt", WORD_BLOCKER,
     "=quando|=se|=sobre|=para|=relatório|=com|=em|=alerta|=do|=da"},
    {"pt", WORD_HARMLESS,
     "=livro de ordens|=em ordem|=ordem de grandeza|=secretário|=secretária"},

    /* ---- Chinese ---- */
    {"zh", WORD_CREDENTIALS,
     "密码|密碼|口令|凭证|憑證|凭据|私钥|私鑰|密钥|密鑰|助记词|助記詞|验证码|驗證碼|登录信息|登錄信息|登录凭|账号密|帐号密|双重验证|二次验证|两步验证|令牌|"
     "访问令牌|会话cookie|恢复短语|api 钥"},
    {"zh", WORD_SCRAPING,
     "爬虫|爬蟲|爬取|抓取网页|抓取網頁|抓取页面|抓取界面|网页抓取|抓取网站|采集网页|解析网页|解析html|屏幕抓取|读取屏幕"},
    {"zh", WORD_BROWSER,
     "浏览器自动|瀏覽器自動|自动化浏览器|自动操作浏览器|控制浏览器|操控浏览器|无头浏览器|無頭瀏覽器|模拟点击|模擬點擊|自动点击|自动登录|自動登錄|模拟鼠标|自动填写|"
     "按键精灵"},
    {"zh", WORD_EVASION,
     "绕过|繞過|规避|規避|逃避|违反服务条款|違反服務條款|违反条款|违反规则|无视条款|忽略条款|虚假账户|虚假账号|假账号|多个账户|多个账号|多账号|多账户|小号|黑客|"
     "破解|入侵|更换ip|切换ip|隐藏ip|伪造|偽造|冒充|利用漏洞|漏洞|盗取|窃取|偷取|操纵市场|忽略之前|忽略以上|刷单|翻墙|代理池|隐藏身份"},
    {"zh", WORD_ORDERS,
     "下单|下單|市价买|市价卖|买入btc|卖出btc|买入比特币|卖出比特币|直接交易|开仓|平仓|開倉|做多|做空|挂单|撤单|提交订单|创建订单|发送订单|取消订单|下订单|"
     "自动买入|自动卖出|自动交易"},
    {"zh", WORD_EXFILTRATION,
     "泄露|洩露|外传|外部服务器|第三方服务器|发送到外部|上传到|提币|提現|提现|转账到|转出资金|外部地址|外部钱包|环境变量|剪贴板|远程服务器|个人数据|用户数据"},
    {"zh", WORD_NOT,
     "不|无需|无须|不需要|不要|没有|禁止|切勿|不会|无"},
    {"zh", WORD_FILLER,
     "任何|使用|处理|要|会|需|能|的|提供|涉及"},
    {"zh", WORD_OR,
     "或|和|、"},
    {"zh", WORD_HARMLESS,
     "未平仓|未平仓合约|挂单簿|订单簿"},

    /* ---- Turkish ---- */
    {"tr", WORD_CREDENTIALS,
     "şifre|parola|kimlik bilgi|giriş bilgi|oturum bilgi|api anahtar|gizli anahtar|"
     "özel anahtar|gizli kelime|kurtarma ifade|kurtarma kelime|tohum ifade|doğrulama kod|"
     "onay kod|sms kod|güvenlik kod|iki faktör|iki adımlı|erişim belirte|erişim jeton|"
     "oturum çerez|tek kullanımlık"},
    {"tr", WORD_SCRAPING,
     "kazıma|kazıyarak|sayfayı kazı|siteyi kazı|siteden veri çek|sayfadan veri çek|"
     "web sitesinden veri|ekran kazı|ekrandan oku|html ayrıştır|web kazı"},
    {"tr", WORD_BROWSER,
     "tarayıcı otomasyon|tarayıcıyı otomat|otomatik tarayıcı|tarayıcıyı kontrol|"
     "tarayıcıyı yönet|başsız tarayıcı|tıklama simül|tıklamaları simül|tıklamayı simül|"
     "otomatik tıkla|otomatik giriş|otomatik oturum|arayüz otomasyon|arayüzü otomat"},
    {"tr", WORD_EVASION,
     "atlat|baypas|=aşmak|kısıtlamaları aş|şartlarını ihlal|şartları ihlal|kuralları ihlal|"
     "kuralları çiğne|koşullarını ihlal|kullanım şartlarını|sahte hesap|sahte kimlik|"
     "birden fazla hesap|çoklu hesap|hackle|=hack|korsan|ip değiştir|ip gizle|"
     "ip adresini gizle|açığı kullan|açıktan yararlan|açığından yararlan|çalmak|çalarak|"
     "tespit edilmeden|piyasayı manipüle|önceki talimatları|talimatları yok say"},
    {"tr", WORD_ORDERS,
     "emir ver|emri ver|emir gönder|emri gönder|emir oluştur|emri oluştur|emir aç|emir gir|"
     "emirleri iptal|emri iptal|emir iptal|emirler ver|emirleri gönder|doğrudan emir|"
     "pozisyon aç|pozisyonu aç|pozisyonu kapat|pozisyon kapat|pozisyonları kapat|btc satın al|"
     "=btc al|=btc sat|bitcoin satın al|=bitcoin al|=bitcoin sat|piyasadan al|piyasadan sat|"
     "piyasa emri"},
    {"tr", WORD_EXFILTRATION,
     "sızdır|dış sunucu|harici sunucu|uzak sunucu|üçüncü taraf|dış adres|harici adres|"
     "harici cüzdan|dış cüzdan|para çek|bakiyeyi çek|fonları çek|fonları aktar|ortam değişken|"
     "verilerini gönder|bakiyeleri gönder|panoya"},
    {"tr", WORD_NOT,
     "=hiçbir|=asla|=değil|=olmadan|=yok"},
    {"tr", WORD_FREE,
     "=yok|=olmadan|=gerekmez|=istemez|=gerektirmez|=gerekmeden"},
    {"tr", WORD_HARMLESS,
     "=emir defteri|=emir defterini|=sekreter"},
};
/* clang-format on */
const size_t word_row_count = BASE_COUNT(word_rows);

const word_pair word_pairs[] = {
    {WORD_PLACE, WORD_ORDER, 4, SAFETY_ORDERS, true, false},
    {WORD_TRADE, WORD_AMOUNT, 3, SAFETY_ORDERS, true, false},
    {WORD_MOVE, WORD_MONEY, 3, SAFETY_EXFILTRATION, true, false},
    {WORD_SEND, WORD_PRIVATE, 5, SAFETY_EXFILTRATION, false, false},
    {WORD_SEND, WORD_OUTSIDE, 6, SAFETY_EXFILTRATION, false, false},
    {WORD_BREAK, WORD_RULE, 3, SAFETY_EVASION, false, false},
    {WORD_ABUSE, WORD_WEAKNESS, 4, SAFETY_EVASION, true, false},
    {WORD_HANDLE, WORD_LOGIN, 3, SAFETY_CREDENTIALS, false, false},
    {WORD_AUTOMATE, WORD_INTERFACE, 4, SAFETY_BROWSER, true, false},
    {WORD_INTERFACE, WORD_AUTOMATE, 3, SAFETY_BROWSER, true, false},
    {WORD_ORDER, WORD_PLACE, 1, SAFETY_ORDERS, true, true},
    {WORD_PRIVATE, WORD_SEND, 4, SAFETY_EXFILTRATION, true, true},
};
const size_t word_pair_count = BASE_COUNT(word_pairs);
