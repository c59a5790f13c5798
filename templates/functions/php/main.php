<?php
// One JSON line in, one JSON line out. What is written to standard error is the log.
declare(strict_types=1);

ini_set('display_errors', 'stderr');
require __DIR__ . '/handle.php';

while (($line = fgets(STDIN)) !== false) {
    $record = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
    fwrite(STDOUT, json_encode(handle($record), JSON_THROW_ON_ERROR) . "\n");
}
