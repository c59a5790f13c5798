<?php
declare(strict_types=1);

/** The business logic: one record in; a record, a list of records, or ['error' => ...] out. */
function handle(array $record): array
{
    if (isset($record['names'])) {
        return array_map(greet(...), $record['names']);
    }
    if (isset($record['name'])) {
        return greet($record['name']);
    }
    return ['error' => 'The record has no name.'];
}

function greet(string $name): array
{
    return ['name' => $name, 'message' => "Goddag, $name."];
}
